// guest: locks
// pthread read-write locks, barriers, once and spin locks, with real threads.
#include <pthread.h>

#include "later.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made;

static void* hold_for_reading(void* unused) {
    (void)unused;
    pthread_rwlock_rdlock(&lock);
    pthread_barrier_wait(&barrier);
    rest(300);
    pthread_rwlock_unlock(&lock);
    return NULL;
}

static void* hold_for_writing(void* unused) {
    (void)unused;
    pthread_rwlock_wrlock(&lock);
    pthread_barrier_wait(&barrier);
    rest(300);
    pthread_rwlock_unlock(&lock);
    return NULL;
}

static void read_and_write(void) {
    pthread_t thread;
    const struct timespec past = {1, 0}, bad = {0, 1000000000};
    pthread_create(&thread, NULL, hold_for_reading, NULL);
    pthread_barrier_wait(&barrier);
    SHOW_ERROR(pthread_rwlock_rdlock(&lock));
    SHOW_ERROR(pthread_rwlock_tryrdlock(&lock));
    SHOW_ERROR(pthread_rwlock_trywrlock(&lock));
    SHOW_ERROR(pthread_rwlock_unlock(&lock));
    SHOW_ERROR(pthread_rwlock_unlock(&lock));
    struct timespec until = later(CLOCK_REALTIME, 60);
    SHOW_ERROR_WAIT(59, pthread_rwlock_timedwrlock(&lock, &until));
    SHOW_ERROR(pthread_rwlock_timedwrlock(&lock, &bad));
    SHOW_ERROR_WAIT(60, pthread_rwlock_wrlock(&lock));
    SHOW_ERROR(pthread_rwlock_wrlock(&lock));
    SHOW_ERROR(pthread_rwlock_rdlock(&lock));
    SHOW_ERROR(pthread_rwlock_tryrdlock(&lock));
    SHOW_ERROR(pthread_rwlock_unlock(&lock));
    pthread_join(thread, NULL);

    pthread_create(&thread, NULL, hold_for_writing, NULL);
    pthread_barrier_wait(&barrier);
    SHOW_ERROR(pthread_rwlock_tryrdlock(&lock));
    until = later(CLOCK_MONOTONIC, 60);
    SHOW_ERROR_WAIT(59, pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &until));
    SHOW_ERROR(pthread_rwlock_timedrdlock(&lock, &past));
    SHOW_ERROR_WAIT(60, pthread_rwlock_rdlock(&lock));
    SHOW_ERROR(pthread_rwlock_unlock(&lock));
    pthread_join(thread, NULL);
    SHOW_ERROR(pthread_rwlock_destroy(&lock));
}

static void make(void) {
    rest(200);
    ++made;
}

static void* make_too(void* unused) {
    (void)unused;
    pthread_barrier_wait(&barrier);
    pthread_once(&once, make);
    return made == 1 ? NULL : "too early";
}

static void make_once(void) {
    pthread_t thread;
    void* verdict = NULL;
    pthread_create(&thread, NULL, make_too, NULL);
    pthread_barrier_wait(&barrier);
    rest(50);
    SHOW_ERROR_WAIT(50, pthread_once(&once, make));
    SHOW(made);
    pthread_join(thread, &verdict);
    SHOW(verdict == NULL);
    SHOW_ERROR_WAIT(0, pthread_once(&once, make));
    SHOW(made);
}

static void* come_late(void* serial) {
    rest(200);
    *(int*)serial = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    return NULL;
}

static void meet(void) {
    int serial = 0;
    pthread_t thread;
    for (int round = 0; round < 2; ++round) {
        pthread_create(&thread, NULL, come_late, &serial);
        const long long begin = microseconds();
        const int mine = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
        show_elapsed(100, begin);
        pthread_join(thread, NULL);
        SHOW(mine + serial);
    }
    SHOW_ERROR(pthread_barrier_destroy(&barrier));
    SHOW_ERROR(pthread_barrier_init(&barrier, NULL, 0));
}

static void spin(void) {
    pthread_spinlock_t spinlock;
    SHOW_ERROR(pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE));
    SHOW_ERROR(pthread_spin_lock(&spinlock));
    SHOW_ERROR(pthread_spin_trylock(&spinlock));
    SHOW_ERROR(pthread_spin_unlock(&spinlock));
    SHOW_ERROR(pthread_spin_destroy(&spinlock));
}

int main(void) {
    SHOW_ERROR(pthread_barrier_init(&barrier, NULL, 2));
    read_and_write();
    make_once();
    meet();
    spin();
    return 0;
}
