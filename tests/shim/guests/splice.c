// guest: many
// sendfile, splice, tee, vmsplice and copy_file_range: between files, pipes and sockets, against readers and writers that are late.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "guest.h"

enum { amount = 1 << 20 };

static void* read_slowly(void* from) {
    char piece[32768];
    long total = 0;
    rest(200);
    for (ssize_t got; (got = read(*(int*)from, piece, sizeof piece)) > 0; total += got) {
    }
    return (void*)total;
}

static void* write_late(void* to) {
    rest(200);
    MUST(write(*(int*)to, "abcdef", 6));
    return NULL;
}

static void send_file(int file) {
    int ends[2];
    void* total = NULL;
    off_t offset = 100;
    pthread_t thread;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    pthread_create(&thread, NULL, read_slowly, &ends[0]);
    SHOW_WAIT(100, sendfile(ends[1], file, NULL, amount));
    SHOW(sendfile(ends[1], file, NULL, 10));
    SHOW(sendfile(ends[1], file, &offset, 50));
    SHOW(offset);
    SHOW(lseek(file, 0, SEEK_CUR) == amount);
    close(ends[1]);
    pthread_join(thread, &total);
    SHOW((long)total - amount);
    SHOW(sendfile(ends[0], ends[0], NULL, 10));
    SHOW(sendfile(-1, file, NULL, 10));
    SHOW(sendfile(ends[0], -1, NULL, 10));
    close(ends[0]);
}

static void pipes(int file) {
    int a[2], b[2];
    char text[16] = "";
    loff_t offset = 0;
    pthread_t thread;
    MUST(pipe(a));
    MUST(pipe(b));
    pthread_create(&thread, NULL, write_late, &a[1]);
    SHOW_WAIT(100, tee(a[0], b[1], 4, 0));
    pthread_join(thread, NULL);
    SHOW(read(b[0], text, sizeof text));
    SHOW(splice(a[0], NULL, b[1], NULL, 100, 0));
    SHOW(read(b[0], text, sizeof text));
    printf("%s\n", text);
    pthread_create(&thread, NULL, write_late, &a[1]);
    SHOW_WAIT(100, splice(a[0], NULL, b[1], NULL, 3, SPLICE_F_MOVE));
    pthread_join(thread, NULL);
    SHOW(splice(a[0], NULL, b[1], NULL, 100, SPLICE_F_NONBLOCK));
    SHOW(splice(a[0], NULL, b[1], NULL, 100, SPLICE_F_NONBLOCK));
    SHOW(tee(a[0], b[1], 100, SPLICE_F_NONBLOCK));
    SHOW(read(b[0], text, sizeof text));
    SHOW(splice(file, &offset, a[1], NULL, 10, 0));
    SHOW(offset);
    SHOW(splice(file, NULL, file, NULL, 10, 0));
    SHOW(splice(a[0], &offset, b[1], NULL, 10, 0));
    SHOW(tee(a[0], a[1], 10, 0));
    SHOW(splice(-1, NULL, a[1], NULL, 10, 0));
    SHOW(read(a[0], text, sizeof text));
    struct iovec piece = {text, 6};
    SHOW(vmsplice(a[1], &piece, 1, 0));
    SHOW(read(a[0], text, sizeof text));
    close(a[1]);
    SHOW(splice(a[0], NULL, b[1], NULL, 100, 0));
    SHOW(tee(a[0], b[1], 100, 0));
    close(a[0]);
    close(b[0]);
    close(b[1]);
}

static void ranges(int file) {
    loff_t from = 5, to = 7;
    struct stat status;
    const int copy = memfd_create("copy", MFD_CLOEXEC);
    SHOW(copy_file_range(file, &from, copy, &to, 1000, 0));
    SHOW(from);
    SHOW(to);
    SHOW(fstat(copy, &status));
    SHOW(status.st_size);
    SHOW(copy_file_range(file, NULL, copy, NULL, 10, 1));
    SHOW(copy_file_range(-1, NULL, copy, NULL, 10, 0));
    close(copy);
}

int main(void) {
    const int file = memfd_create("guest", MFD_CLOEXEC);
    MUST(ftruncate(file, amount));
    send_file(file);
    pipes(file);
    ranges(file);
    SHOW(close(file));
    return 0;
}
