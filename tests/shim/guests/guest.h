// What the guests share. A guest is a plain C program of blocking calls; each step prints the call as it stands in the source and what
// it gave, so that the output says what libc does and holds nothing that differs from run to run: no times, ports or descriptors.
// All are compiled with -D_GNU_SOURCE.
//
// Comments in a guest's first lines steer its tests:
//   guest: many          also run by several fibers of one process at once; each line of the output then comes as many times
//   guest: hub waits     it has calls that stop the hub, too, and are to (a file's read, a lock taken by a raw call)
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Each line goes out at once, so that the output of a guest that hangs says where.
static inline void show_result(const char* call, long result, int error) {
    if (result == -1 && error != 0) {
        printf("%s: %s\n", call, strerrorname_np(error));
    } else {
        printf("%s = %ld\n", call, result);
    }
    fflush(stdout);
}

static inline void show_descriptor(const char* call, long result, int error) {
    if (result >= 0) {
        printf("%s = a descriptor\n", call);
        fflush(stdout);
    } else {
        show_result(call, result, error);
    }
}

static inline void show_error(const char* call, int error) {
    printf("%s = %s\n", call, error == 0 ? "0" : strerrorname_np(error));
    fflush(stdout);
}

static inline long long microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/// The kernel counts some of these times in its own ticks; 5 s more are a machine under load.
static inline void show_elapsed(long least_ms, long long begin) {
    const long long took = (microseconds() - begin + 999) / 1000;
    if (took < least_ms || took > least_ms + 5000) {
        printf("  not after %ld ms but after %lld\n", least_ms, took);
    } else {
        printf("  after at least %ld ms\n", least_ms);
    }
}

/// The call and its result, or the name of its errno.
#define SHOW(call)                          \
    do {                                    \
        errno = 0;                          \
        const long result_ = (long)(call);  \
        show_result(#call, result_, errno); \
    } while (0)

/// The same for calls that give a new descriptor.
#define SHOW_FD(call)                           \
    do {                                        \
        errno = 0;                              \
        const long result_ = (long)(call);      \
        show_descriptor(#call, result_, errno); \
    } while (0)

/// The same for calls that return their error.
#define SHOW_ERROR(call) show_error(#call, (call))

/// The same for calls that are to take so long.
#define SHOW_WAIT(least_ms, call)                \
    do {                                         \
        const long long begin_ = microseconds(); \
        errno = 0;                               \
        const long result_ = (long)(call);       \
        show_result(#call, result_, errno);      \
        show_elapsed(least_ms, begin_);          \
    } while (0)

#define SHOW_ERROR_WAIT(least_ms, call)          \
    do {                                         \
        const long long begin_ = microseconds(); \
        show_error(#call, (call));               \
        show_elapsed(least_ms, begin_);          \
    } while (0)

/// What cannot be is the end: with the call's name, and no expected output has that.
#define MUST(call)                                             \
    do {                                                       \
        if ((long)(call) == -1) {                              \
            printf("%s: %s\n", #call, strerrorname_np(errno)); \
            exit(1);                                           \
        }                                                      \
    } while (0)

/// For the other side of a wait: the time in which the guest is to have come to its call.
static inline void rest(long milliseconds) {
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}
