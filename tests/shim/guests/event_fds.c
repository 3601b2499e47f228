// guest: many
// eventfd and timerfd: counters that are read and written, also by their own calls; timers that are waited for.
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "guest.h"

static void* add_late(void* to) {
    rest(200);
    MUST(eventfd_write(*(int*)to, 5));
    return NULL;
}

static void* take_late(void* from) {
    eventfd_t value;
    rest(200);
    MUST(eventfd_read(*(int*)from, &value));
    return NULL;
}

static void counter(void) {
    eventfd_t value = 0;
    pthread_t thread;
    int fd = eventfd(3, EFD_CLOEXEC);
    SHOW(read(fd, &value, sizeof value));
    SHOW(value);
    pthread_create(&thread, NULL, add_late, &fd);
    SHOW_WAIT(100, eventfd_read(fd, &value));
    pthread_join(thread, NULL);
    SHOW(value);
    SHOW(read(fd, &value, 4));
    value = UINT64_MAX;
    SHOW(write(fd, &value, sizeof value));
    SHOW(eventfd_write(fd, UINT64_MAX - 1));
    pthread_create(&thread, NULL, take_late, &fd);
    SHOW_WAIT(100, eventfd_write(fd, 1));
    pthread_join(thread, NULL);
    SHOW(eventfd_read(fd, &value));
    SHOW(value);
    SHOW(close(fd));

    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    SHOW(eventfd_read(fd, &value));
    SHOW(value);
    SHOW(eventfd_read(fd, &value));
    SHOW(eventfd_read(fd, &value));
    SHOW(eventfd_write(fd, UINT64_MAX - 1));
    SHOW(eventfd_write(fd, 1));
    SHOW(close(fd));
    SHOW(eventfd(0, 1 << 30));
    SHOW(eventfd_read(-1, &value));
}

static void timer(void) {
    uint64_t times = 0;
    const struct itimerspec once = {.it_value = {0, 200000000}};
    const struct itimerspec often = {.it_value = {0, 50000000}, .it_interval = {0, 50000000}};
    const struct itimerspec bad = {.it_value = {0, 1000000000}}, off = {0};
    struct itimerspec left;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    SHOW(timerfd_settime(fd, 0, &once, NULL));
    SHOW_WAIT(200, read(fd, &times, sizeof times));
    SHOW(times);
    SHOW(timerfd_settime(fd, 0, &often, NULL));
    rest(220);
    SHOW(read(fd, &times, sizeof times));
    SHOW(times >= 4);
    struct pollfd look = {.fd = fd, .events = POLLIN};
    SHOW(poll(&look, 1, 5000));
    SHOW(look.revents == POLLIN);
    SHOW(timerfd_gettime(fd, &left));
    SHOW(left.it_interval.tv_nsec);
    SHOW(read(fd, &times, 4));
    SHOW(timerfd_settime(fd, 0, &bad, NULL));
    SHOW(timerfd_settime(fd, 0, &off, NULL));
    SHOW(poll(&look, 1, 0));
    SHOW(close(fd));
    fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    SHOW(timerfd_settime(fd, 0, &once, NULL));
    SHOW(read(fd, &times, sizeof times));
    SHOW(close(fd));
    SHOW(timerfd_create(12345, 0));
    SHOW(timerfd_settime(-1, 0, &once, NULL));
}

int main(void) {
    counter();
    timer();
    return 0;
}
