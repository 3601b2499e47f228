// guest: many
// The sleeping calls, relative and absolute: never too early, and what they refuse.
#include <sched.h>
#include <threads.h>

#include "later.h"

static void relative(void) {
    const struct timespec brief = {0, 150000000}, zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0},
                          below = {0, -1};
    struct timespec rest = {7, 7};
    SHOW_WAIT(1000, sleep(1));
    SHOW_WAIT(0, sleep(0));
    SHOW_WAIT(150, usleep(150000));
    SHOW_WAIT(1050, usleep(1050000));
    SHOW_WAIT(0, usleep(0));
    SHOW_WAIT(150, nanosleep(&brief, &rest));
    SHOW(rest.tv_sec == 7 && rest.tv_nsec == 7);
    SHOW(nanosleep(&zero, NULL));
    SHOW(nanosleep(&bad, NULL));
    SHOW(nanosleep(&negative, NULL));
    SHOW(nanosleep(&below, NULL));
    SHOW_WAIT(150, thrd_sleep(&brief, NULL));
    SHOW(thrd_sleep(&bad, NULL) < -1);
    SHOW(sched_yield());
    thrd_yield();
}

static void of_a_clock(void) {
    const struct timespec brief = {0, 150000000}, bad = {0, 1000000000}, negative = {-1, 0}, past = {1, 0};
    struct timespec until;
    SHOW_ERROR_WAIT(150, clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL));
    SHOW_ERROR_WAIT(150, clock_nanosleep(CLOCK_REALTIME, 0, &brief, NULL));
    SHOW_ERROR_WAIT(150, clock_nanosleep(CLOCK_BOOTTIME, 0, &brief, NULL));
    until = later(CLOCK_MONOTONIC, 150);
    SHOW_ERROR_WAIT(149, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    SHOW_ERROR_WAIT(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    until = later(CLOCK_REALTIME, 150);
    SHOW_ERROR_WAIT(149, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    SHOW_ERROR_WAIT(0, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL));
    SHOW_ERROR(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL));
    SHOW_ERROR(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &bad, NULL));
    SHOW_ERROR(clock_nanosleep(CLOCK_MONOTONIC, 0, &negative, NULL));
    SHOW_ERROR(clock_nanosleep(12345, 0, &brief, NULL));
    SHOW_ERROR(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &brief, NULL));
    SHOW_ERROR(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &brief, NULL));
    errno = 5;
    clock_nanosleep(12345, 0, &brief, NULL);
    SHOW_ERROR(errno == 5 ? 0 : errno);
}

int main(void) {
    relative();
    of_a_clock();
    return 0;
}
