// The absolute times that timed waits take.
#pragma once

#include "guest.h"

/// That much from now, by the clock.
static inline struct timespec later(clockid_t clock, long milliseconds) {
    struct timespec time;
    MUST(clock_gettime(clock, &time));
    time.tv_nsec += milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}
