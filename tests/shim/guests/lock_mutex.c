// guest: locks
// pthread mutexes of every kind, made by initialisers and by attributes: who may lock and unlock, who waits, with and without a limit.
#include <pthread.h>

#include "later.h"

static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

struct holder {
    pthread_mutex_t* mutex;
    pthread_barrier_t held;
    int tried, unlocked;
};

/// Has the mutex for 300 ms from the moment at which both have come to the barrier.
static void* hold(void* argument) {
    struct holder* holder = argument;
    pthread_mutex_lock(holder->mutex);
    pthread_barrier_wait(&holder->held);
    rest(300);
    pthread_mutex_unlock(holder->mutex);
    return NULL;
}

static void* try_from_outside(void* argument) {
    struct holder* holder = argument;
    holder->tried = pthread_mutex_trylock(holder->mutex);
    holder->unlocked = holder->tried == 0 ? 0 : pthread_mutex_unlock(holder->mutex);
    return NULL;
}

static void held_elsewhere(pthread_mutex_t* mutex) {
    struct holder holder = {.mutex = mutex};
    pthread_t thread;
    const struct timespec past = {1, 0}, bad = {0, 1000000000};
    pthread_barrier_init(&holder.held, NULL, 2);
    pthread_create(&thread, NULL, hold, &holder);
    pthread_barrier_wait(&holder.held);
    SHOW_ERROR(pthread_mutex_trylock(mutex));
    struct timespec until = later(CLOCK_REALTIME, 60);
    SHOW_ERROR_WAIT(59, pthread_mutex_timedlock(mutex, &until));
    until = later(CLOCK_MONOTONIC, 60);
    SHOW_ERROR_WAIT(59, pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until));
    SHOW_ERROR(pthread_mutex_timedlock(mutex, &past));
    SHOW_ERROR(pthread_mutex_timedlock(mutex, &bad));
    SHOW_ERROR_WAIT(30, pthread_mutex_lock(mutex));
    SHOW_ERROR(pthread_mutex_unlock(mutex));
    pthread_join(thread, NULL);
    SHOW_ERROR(pthread_mutex_timedlock(mutex, &past));
    SHOW_ERROR(pthread_mutex_unlock(mutex));
    SHOW_ERROR(pthread_mutex_clocklock(mutex, CLOCK_BOOTTIME, &until));
    pthread_barrier_destroy(&holder.held);
}

static void from_outside(pthread_mutex_t* mutex, int error_checking) {
    struct holder holder = {.mutex = mutex};
    pthread_t thread;
    SHOW_ERROR(pthread_mutex_lock(mutex));
    pthread_create(&thread, NULL, try_from_outside, &holder);
    pthread_join(thread, NULL);
    SHOW_ERROR(holder.tried);
    if (error_checking) {
        SHOW_ERROR(holder.unlocked);
        SHOW_ERROR(pthread_mutex_unlock(mutex));
    }
}

static void kinds(void) {
    const struct timespec past = {1, 0};
    SHOW_ERROR(pthread_mutex_lock(&normal));
    SHOW_ERROR(pthread_mutex_trylock(&normal));
    SHOW_ERROR(pthread_mutex_timedlock(&normal, &past));
    SHOW_ERROR(pthread_mutex_unlock(&normal));
    from_outside(&recursive, 1);
    SHOW_ERROR(pthread_mutex_lock(&recursive));
    SHOW_ERROR(pthread_mutex_lock(&recursive));
    SHOW_ERROR(pthread_mutex_trylock(&recursive));
    SHOW_ERROR(pthread_mutex_unlock(&recursive));
    SHOW_ERROR(pthread_mutex_unlock(&recursive));
    from_outside(&recursive, 1);
    SHOW_ERROR(pthread_mutex_unlock(&recursive));
    SHOW_ERROR(pthread_mutex_unlock(&recursive));
    from_outside(&checking, 1);
    SHOW_ERROR(pthread_mutex_lock(&checking));
    SHOW_ERROR(pthread_mutex_lock(&checking));
    SHOW_ERROR(pthread_mutex_timedlock(&checking, &past));
    SHOW_ERROR(pthread_mutex_trylock(&checking));
    SHOW_ERROR(pthread_mutex_unlock(&checking));
    SHOW_ERROR(pthread_mutex_unlock(&checking));
}

int main(void) {
    pthread_mutex_t made;
    pthread_mutexattr_t attributes;
    int type = -1;
    kinds();
    pthread_mutex_t* const all[] = {&normal, &recursive, &checking, &adaptive};
    for (int i = 0; i < 4; ++i) {
        held_elsewhere(all[i]);
    }
    pthread_mutexattr_init(&attributes);
    SHOW_ERROR(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE));
    SHOW_ERROR(pthread_mutexattr_gettype(&attributes, &type));
    SHOW(type == PTHREAD_MUTEX_RECURSIVE);
    SHOW_ERROR(pthread_mutexattr_settype(&attributes, 77));
    SHOW_ERROR(pthread_mutex_init(&made, &attributes));
    SHOW_ERROR(pthread_mutex_lock(&made));
    SHOW_ERROR(pthread_mutex_lock(&made));
    SHOW_ERROR(pthread_mutex_destroy(&made));
    SHOW_ERROR(pthread_mutex_unlock(&made));
    SHOW_ERROR(pthread_mutex_unlock(&made));
    SHOW_ERROR(pthread_mutex_unlock(&made));
    SHOW_ERROR(pthread_mutex_destroy(&made));
    pthread_mutexattr_destroy(&attributes);
    return 0;
}
