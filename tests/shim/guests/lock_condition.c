// guest: locks
// pthread condition variables: a queue between threads, one and all woken, limits of time on both clocks, the mutex that is let go and back.
#include <pthread.h>

#include "later.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int items, taken, ready, go;

static void* produce(void* count) {
    for (int i = 0; i < *(int*)count; ++i) {
        rest(50);
        pthread_mutex_lock(&mutex);
        ++items;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void queue(void) {
    int count = 5;
    pthread_t thread;
    pthread_create(&thread, NULL, produce, &count);
    const long long begin = microseconds();
    while (taken < count) {
        SHOW_ERROR(pthread_mutex_lock(&mutex));
        while (items == 0) {
            if (pthread_cond_wait(&changed, &mutex) != 0) {
                puts("pthread_cond_wait failed");
            }
        }
        --items;
        ++taken;
        SHOW_ERROR(pthread_mutex_trylock(&mutex));
        SHOW_ERROR(pthread_mutex_unlock(&mutex));
    }
    show_elapsed(150, begin);
    pthread_join(thread, NULL);
}

/// Both sides wait for each other: all are told to go at once, and the last to come says that they were.
static void* run_when_told(void* unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    ++ready;
    pthread_cond_broadcast(&changed);
    while (!go) {
        pthread_cond_wait(&changed, &mutex);
    }
    --ready;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void all(void) {
    pthread_t threads[8];
    for (int i = 0; i < 8; ++i) {
        pthread_create(&threads[i], NULL, run_when_told, NULL);
    }
    pthread_mutex_lock(&mutex);
    while (ready < 8) {
        pthread_cond_wait(&changed, &mutex);
    }
    SHOW(ready);
    go = 1;
    SHOW_ERROR(pthread_cond_broadcast(&changed));
    while (ready > 0) {
        pthread_cond_wait(&changed, &mutex);
    }
    SHOW(ready);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 8; ++i) {
        pthread_join(threads[i], NULL);
    }
}

static void* take_mutex(void* unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    rest(200);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void limits(void) {
    pthread_cond_t monotonic;
    pthread_condattr_t attributes;
    pthread_t thread;
    const struct timespec past = {1, 0}, bad = {0, 1000000000};
    pthread_condattr_init(&attributes);
    SHOW_ERROR(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    SHOW_ERROR(pthread_cond_init(&monotonic, &attributes));
    pthread_condattr_destroy(&attributes);
    pthread_mutex_lock(&mutex);
    struct timespec until = later(CLOCK_REALTIME, 150);
    SHOW_ERROR_WAIT(149, pthread_cond_timedwait(&changed, &mutex, &until));
    SHOW_ERROR(pthread_mutex_trylock(&mutex));
    until = later(CLOCK_MONOTONIC, 150);
    SHOW_ERROR_WAIT(149, pthread_cond_timedwait(&monotonic, &mutex, &until));
    until = later(CLOCK_MONOTONIC, 150);
    SHOW_ERROR_WAIT(149, pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &until));
    SHOW_ERROR(pthread_cond_timedwait(&changed, &mutex, &past));
    SHOW_ERROR(pthread_cond_timedwait(&changed, &mutex, &bad));
    // The mutex is had again before the call returns, however long that takes.
    pthread_create(&thread, NULL, take_mutex, NULL);
    until = later(CLOCK_REALTIME, 100);
    SHOW_ERROR_WAIT(150, pthread_cond_timedwait(&changed, &mutex, &until));
    SHOW_ERROR(pthread_mutex_unlock(&mutex));
    pthread_join(thread, NULL);
    SHOW_ERROR(pthread_cond_signal(&changed));
    SHOW_ERROR(pthread_cond_destroy(&monotonic));
}

int main(void) {
    queue();
    all();
    limits();
    return 0;
}
