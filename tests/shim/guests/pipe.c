// guest: many
// Pipes: a read waits, takes what is there, and sees the end; each end can do its half only; nothing and too little room.
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/uio.h>

#include "guest.h"

static void* in_pieces(void* to) {
    const int fd = *(int*)to;
    rest(150);
    MUST(write(fd, "one", 3));
    rest(150);
    MUST(write(fd, "twothree", 8));
    rest(150);
    MUST(close(fd));
    return NULL;
}

static void pieces(void) {
    int ends[2];
    char text[16] = "";
    pthread_t thread;
    MUST(pipe(ends));
    pthread_create(&thread, NULL, in_pieces, &ends[1]);
    SHOW(read(ends[0], text, 0));
    SHOW_WAIT(50, read(ends[0], text, sizeof text));
    SHOW(read(ends[0], text, 3));
    printf("%.3s\n", text);
    SHOW(read(ends[0], text, sizeof text));
    printf("%.5s\n", text);
    SHOW_WAIT(50, read(ends[0], text, sizeof text));
    SHOW_WAIT(0, read(ends[0], text, sizeof text));
    pthread_join(thread, NULL);
    SHOW(close(ends[0]));
}

static void vectors(void) {
    int ends[2];
    char a[4] = "", b[4] = "", c[8] = "";
    MUST(pipe(ends));
    volatile int negative = -1, too_many = IOV_MAX + 1;  // volatile, or the compiler warns
    struct iovec out[3] = {{"abc", 3}, {"", 0}, {"defgh", 5}};
    struct iovec in[3] = {{a, 2}, {b, 0}, {c, 8}};
    SHOW(writev(ends[1], out, 3));
    SHOW(readv(ends[0], in, 3));
    printf("%s %s\n", a, c);
    SHOW(writev(ends[1], out, 0));
    SHOW(readv(ends[0], in, 0));
    SHOW(writev(ends[1], out, negative));
    SHOW(readv(ends[0], in, too_many));
    SHOW(preadv(ends[0], in, 3, 0));
    SHOW(pwritev2(ends[1], out, 3, -1, 0));
    SHOW(preadv2(ends[0], in, 3, -1, 0));
    SHOW(preadv2(ends[0], in, 3, -1, 1 << 30));
    SHOW(pread(ends[0], a, 1, 0));
    SHOW(pwrite(ends[1], a, 1, 0));
    SHOW(lseek(ends[0], 0, SEEK_CUR));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void wrong_end_and_full(void) {
    int ends[2];
    char text[PIPE_BUF] = "";
    MUST(pipe(ends));
    SHOW(read(ends[1], text, 1));
    SHOW(write(ends[0], text, 1));
    SHOW(write(ends[1], text, 0));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 4096));
    SHOW(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    SHOW(write(ends[1], text, 4000));
    SHOW(write(ends[1], text, 97));
    SHOW(read(ends[0], text, 4000));
    SHOW(write(ends[1], text, PIPE_BUF));
    SHOW(write(ends[1], text, 1));
    SHOW(fcntl(ends[0], F_GETPIPE_SZ));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

int main(void) {
    pieces();
    vectors();
    wrong_end_and_full();
    return 0;
}
