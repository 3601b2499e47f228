// guest: many
// Calls whose buffers the compiler knows and whose sizes it does not: a fortified build makes them __read_chk, __recv_chk, __poll_chk and so on.
#include <poll.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "guest.h"

#ifndef _FORTIFY_SOURCE
#error "this guest is to be compiled with -D_FORTIFY_SOURCE=2 -O2"
#endif

static void* write_late(void* to) {
    rest(150);
    MUST(write(*(int*)to, "0123456789", 10));
    return NULL;
}

static void wait_for_data(int* to, pthread_t* thread) { pthread_create(thread, NULL, write_late, to); }

static void reads(int ends[2], size_t size, nfds_t number) {
    char text[16] = "";
    pthread_t thread;
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    struct pollfd look[2] = {{ends[0], POLLIN, 0}, {-1, POLLIN, 0}};
    const struct timespec brief = {0, 50000000};
    fd_set in;
    wait_for_data(&ends[1], &thread);
    SHOW_WAIT(50, read(ends[0], text, size));
    pthread_join(thread, NULL);
    SHOW(recv(ends[0], text, size, MSG_DONTWAIT));
    wait_for_data(&ends[1], &thread);
    SHOW_WAIT(50, recv(ends[0], text, size, 0));
    pthread_join(thread, NULL);
    SHOW(recvfrom(ends[0], text, size, 0, (struct sockaddr*)&from, &length));
    SHOW_WAIT(50, poll(look, number, 50));
    SHOW_WAIT(50, ppoll(look, number, &brief, NULL));
    wait_for_data(&ends[1], &thread);
    SHOW_WAIT(50, poll(look, number, -1));
    pthread_join(thread, NULL);
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    SHOW(select(ends[0] + 1, &in, NULL, NULL, NULL));
    SHOW(FD_ISSET(ends[0], &in) != 0);
    SHOW(recv(ends[0], text, size, MSG_PEEK));
    SHOW(read(ends[0], text, size));
    SHOW(pread(ends[0], text, size, 0));
    SHOW(read(-1, text, size));
}

static void lines(FILE* in, int* writer, size_t size) {
    char text[16] = "";
    pthread_t thread;
    MUST(write(*writer, "a line\n", 7));
    SHOW(fgets(text, (int)size, in) == text);
    fputs(text, stdout);
    wait_for_data(writer, &thread);
    SHOW_WAIT(50, fread(text, 1, size, in));
    pthread_join(thread, NULL);
    printf("%.8s\n", text);
}

int main(int count, char** arguments) {
    (void)arguments;
    int ends[2];
    // 8, which the compiler cannot know.
    const size_t size = 8 * (size_t)count;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    reads(ends, size, size / 4);
    MUST(close(ends[0]));
    MUST(close(ends[1]));
    MUST(pipe(ends));
    FILE* in = fdopen(ends[0], "r");
    lines(in, &ends[1], size);
    SHOW(fclose(in));
    SHOW(close(ends[1]));
    return 0;
}
