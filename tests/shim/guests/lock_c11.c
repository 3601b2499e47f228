// guest: locks
// The threads of C11: mutexes plain, timed and recursive, condition variables, call_once, what a thread gives back, storage of its own.
#include <threads.h>

#include "guest.h"

static mtx_t plain, timed, recursive;
static cnd_t changed;
static tss_t key;
static once_flag flag = ONCE_FLAG_INIT;
static int made, holds, done, destroyed;

static const char* name_of(int result) {
    switch (result) {
        case thrd_success:
            return "thrd_success";
        case thrd_busy:
            return "thrd_busy";
        case thrd_timedout:
            return "thrd_timedout";
        case thrd_nomem:
            return "thrd_nomem";
        default:
            return "thrd_error";
    }
}

#define SHOW_C11(call) printf("%s = %s\n", #call, name_of(call))

static struct timespec later(long milliseconds) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    time.tv_nsec += milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/// Has the timed mutex for 300 ms, and says through the condition variable when it has it.
static int hold(void* unused) {
    (void)unused;
    mtx_lock(&timed);
    mtx_lock(&plain);
    holds = 1;
    cnd_signal(&changed);
    mtx_unlock(&plain);
    const struct timespec time = {0, 300000000};
    thrd_sleep(&time, NULL);
    mtx_unlock(&timed);
    return 42;
}

static int signal_late(void* unused) {
    (void)unused;
    const struct timespec time = {0, 200000000};
    thrd_sleep(&time, NULL);
    mtx_lock(&plain);
    done = 1;
    mtx_unlock(&plain);
    cnd_broadcast(&changed);
    thrd_exit(7);
}

static void make(void) { ++made; }
static void destroy(void* value) { destroyed += *(int*)value; }

static int store(void* value) {
    tss_set(key, value);
    call_once(&flag, make);
    return tss_get(key) == value;
}

static void mutexes(void) {
    thrd_t thread;
    int result = 0;
    SHOW_C11(thrd_create(&thread, hold, NULL));
    SHOW_C11(mtx_lock(&plain));
    while (!holds) {
        cnd_wait(&changed, &plain);
    }
    SHOW_C11(mtx_trylock(&plain));
    SHOW_C11(mtx_unlock(&plain));
    SHOW_C11(mtx_trylock(&timed));
    const long long begin = microseconds();
    struct timespec until = later(60);
    SHOW_C11(mtx_timedlock(&timed, &until));
    show_elapsed(59, begin);
    SHOW_C11(mtx_lock(&timed));
    show_elapsed(150, begin);
    SHOW_C11(mtx_unlock(&timed));
    SHOW_C11(thrd_join(thread, &result));
    SHOW(result);
    SHOW_C11(mtx_lock(&recursive));
    SHOW_C11(mtx_lock(&recursive));
    SHOW_C11(mtx_trylock(&recursive));
    for (int i = 0; i < 3; ++i) {
        SHOW_C11(mtx_unlock(&recursive));
    }
}

static void conditions(void) {
    thrd_t thread;
    int result = 0;
    mtx_lock(&plain);
    struct timespec until = later(100);
    const long long begin = microseconds();
    SHOW_C11(cnd_timedwait(&changed, &plain, &until));
    show_elapsed(99, begin);
    SHOW_C11(thrd_create(&thread, signal_late, NULL));
    until = later(5000);
    while (!done) {
        if (cnd_timedwait(&changed, &plain, &until) != thrd_success) {
            puts("not woken");
        }
    }
    show_elapsed(250, begin);
    SHOW_C11(mtx_unlock(&plain));
    SHOW_C11(thrd_join(thread, &result));
    SHOW(result);
}

int main(void) {
    thrd_t thread;
    int value = 5, result = 0;
    SHOW_C11(mtx_init(&plain, mtx_plain));
    SHOW_C11(mtx_init(&timed, mtx_timed));
    SHOW_C11(mtx_init(&recursive, mtx_plain | mtx_recursive));
    SHOW_C11(cnd_init(&changed));
    mutexes();
    conditions();
    SHOW_C11(tss_create(&key, destroy));
    SHOW_C11(thrd_create(&thread, store, &value));
    SHOW_C11(thrd_join(thread, &result));
    SHOW(result);
    SHOW(destroyed);
    call_once(&flag, make);
    SHOW(made);
    SHOW(thrd_equal(thrd_current(), thrd_current()) != 0);
    tss_delete(key);
    cnd_destroy(&changed);
    mtx_destroy(&plain);
    return 0;
}
