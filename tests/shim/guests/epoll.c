// guest: many
// The program's own epoll: level, edge and one shot, one within another, its timeouts and its errors.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "guest.h"

static void* write_late(void* to) {
    rest(200);
    MUST(write(*(int*)to, "x", 1));
    return NULL;
}

static void control(int set, int operation, int fd, unsigned events) {
    struct epoll_event event = {.events = events, .data.u64 = events};
    MUST(epoll_ctl(set, operation, fd, &event));
}

static void triggers(int set, const int ends[2]) {
    struct epoll_event got[4];
    char text[8];
    pthread_t thread;
    control(set, EPOLL_CTL_ADD, ends[0], EPOLLIN);
    SHOW(epoll_wait(set, got, 4, 0));
    SHOW_WAIT(150, epoll_wait(set, got, 4, 150));
    pthread_create(&thread, NULL, write_late, (void*)&ends[1]);
    SHOW_WAIT(100, epoll_wait(set, got, 4, -1));
    pthread_join(thread, NULL);
    SHOW(got[0].events == EPOLLIN && got[0].data.u64 == EPOLLIN);
    SHOW(epoll_wait(set, got, 4, -1));
    control(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET);
    SHOW(epoll_wait(set, got, 4, -1));
    SHOW_WAIT(100, epoll_wait(set, got, 4, 100));
    MUST(write(ends[1], "y", 1));
    SHOW(epoll_wait(set, got, 4, -1));
    SHOW(epoll_wait(set, got, 4, 0));
    control(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET | EPOLLONESHOT);
    SHOW(epoll_wait(set, got, 4, -1));
    MUST(write(ends[1], "z", 1));
    SHOW_WAIT(100, epoll_wait(set, got, 4, 100));
    control(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT);
    SHOW(epoll_wait(set, got, 4, -1));
    SHOW(read(ends[0], text, sizeof text));
    control(set, EPOLL_CTL_MOD, ends[0], EPOLLIN);
    SHOW(epoll_wait(set, got, 4, 0));
}

static void nested(int set, const int ends[2]) {
    struct epoll_event got[4];
    char text[8];
    const int outer = epoll_create(1);
    struct pollfd look = {.fd = outer, .events = POLLIN};
    pthread_t thread;
    control(outer, EPOLL_CTL_ADD, set, EPOLLIN);
    SHOW(epoll_wait(outer, got, 4, 0));
    pthread_create(&thread, NULL, write_late, (void*)&ends[1]);
    SHOW_WAIT(100, epoll_wait(outer, got, 4, -1));
    pthread_join(thread, NULL);
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLIN);
    SHOW(epoll_wait(set, got, 4, -1));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(poll(&look, 1, 0));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, outer, got));
    SHOW(close(outer));
}

static void errors(int set, const int ends[2]) {
    struct epoll_event event = {.events = EPOLLIN};
    volatile int none = 0, negative = -1;  // volatile, or the compiler warns
    const int file = open("/proc/self/exe", O_RDONLY);
    const struct timespec bad = {0, 1000000000}, brief = {0, 100000000};
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_MOD, ends[1], &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL));  // CONFORMANCE 206
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, file, &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, set, &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, -1, &event));
    SHOW(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event));
    SHOW(epoll_ctl(set, 77, ends[1], &event));
    SHOW(epoll_wait(set, &event, none, 0));
    SHOW(epoll_wait(set, &event, negative, -1));
    SHOW(epoll_wait(ends[0], &event, 1, -1));
    SHOW(epoll_wait(-1, &event, 1, -1));
    SHOW(epoll_pwait2(set, &event, 1, &bad, NULL));
    SHOW_WAIT(100, epoll_pwait2(set, &event, 1, &brief, NULL));
    SHOW(epoll_create(0));
    SHOW(epoll_create1(1));
    close(file);
}

int main(void) {
    int ends[2];
    struct epoll_event event;
    MUST(pipe(ends));
    const int set = epoll_create1(EPOLL_CLOEXEC);
    MUST(set);
    triggers(set, ends);
    nested(set, ends);
    errors(set, ends);
    SHOW(close(ends[1]));
    SHOW(epoll_wait(set, &event, 1, -1));
    SHOW(event.events == EPOLLHUP);
    SHOW(close(ends[0]));
    SHOW_WAIT(100, epoll_wait(set, &event, 1, 100));
    SHOW(close(set));
    return 0;
}
