// guest: many
// SO_RCVTIMEO and SO_SNDTIMEO: how long each call waits under them, what it says then, and how they are read back.
#include <pthread.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "net.h"

static int set(int fd, int which, long seconds, long micros) {
    const struct timeval time = {seconds, micros};
    return setsockopt(fd, SOL_SOCKET, which, &time, sizeof time);
}

static void read_back(int fd) {
    struct timeval time = {-1, -1};
    socklen_t size = sizeof time;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size));
    printf("%ld s %ld us, %u bytes\n", (long)time.tv_sec, (long)time.tv_usec, (unsigned)size);
}

static void receive(int fd) {
    char text[8];
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    read_back(fd);
    SHOW(set(fd, SO_RCVTIMEO, 0, 500000));
    read_back(fd);
    SHOW_WAIT(500, recv(fd, text, sizeof text, 0));
    SHOW(set(fd, SO_RCVTIMEO, 0, 200000));
    SHOW_WAIT(200, read(fd, text, sizeof text));
    SHOW_WAIT(200, readv(fd, &piece, 1));
    SHOW_WAIT(200, recvmsg(fd, &message, 0));
    SHOW_WAIT(200, recvfrom(fd, text, sizeof text, MSG_PEEK, NULL, NULL));
    SHOW_WAIT(0, recv(fd, text, sizeof text, MSG_DONTWAIT));
    SHOW(set(fd, SO_RCVTIMEO, 0, 1000000));
    SHOW(set(fd, SO_RCVTIMEO, 0, -1));
    read_back(fd);
}

/// What has come before the time is over is what a call for more gives.
static void part(int fd, int peer) {
    char text[8];
    SHOW(send(peer, "abc", 3, 0));
    SHOW_WAIT(200, recv(fd, text, sizeof text, MSG_WAITALL));
}

static void transmit(int fd) {
    static const char much[1 << 20];
    SHOW(set(fd, SO_SNDTIMEO, 0, 300000));
    const long long begin = microseconds();
    const ssize_t sent = send(fd, much, sizeof much, 0);
    printf("some and not all: %d\n", sent > 0 && sent < (ssize_t)sizeof much);
    show_elapsed(300, begin);
    SHOW_WAIT(300, send(fd, much, sizeof much, 0));
    SHOW_WAIT(300, write(fd, much, 1));
    SHOW_WAIT(0, send(fd, much, 1, MSG_DONTWAIT));
}

static void* late(void* to) {
    rest(400);
    MUST(send(*(int*)to, "x", 1, 0));
    return NULL;
}

int main(void) {
    int ends[2];
    char text[8];
    pthread_t thread;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    receive(ends[0]);
    part(ends[0], ends[1]);
    transmit(ends[0]);
    SHOW(set(ends[0], SO_RCVTIMEO, 0, 0));
    pthread_create(&thread, NULL, late, &ends[1]);
    SHOW_WAIT(200, recv(ends[0], text, sizeof text, 0));
    pthread_join(thread, NULL);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));

    const int listener = bound_socket(SOCK_STREAM);
    SHOW(set(listener, SO_RCVTIMEO, 0, 200000));
    SHOW_WAIT(200, accept(listener, NULL, NULL));
    SHOW(close(listener));
    const int datagrams = bound_socket(SOCK_DGRAM);
    SHOW(set(datagrams, SO_RCVTIMEO, 0, 200000));
    SHOW_WAIT(200, recv(datagrams, text, sizeof text, 0));
    SHOW(close(datagrams));
    return 0;
}
