// guest: locks
// Semaphores with and without a name, of threads and of processes: waited for, tried, with limits of time on both clocks, too many posts.
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "later.h"

static void* post_late(void* semaphore) {
    rest(200);
    MUST(sem_post(semaphore));
    return NULL;
}

static void of_threads(void) {
    sem_t semaphore;
    int value = -1;
    pthread_t thread;
    const struct timespec bad = {0, 1000000000}, past = {1, 0};
    SHOW(sem_init(&semaphore, 0, 2));
    SHOW(sem_wait(&semaphore));
    SHOW(sem_trywait(&semaphore));
    SHOW(sem_trywait(&semaphore));
    SHOW(sem_getvalue(&semaphore, &value));
    SHOW(value);
    pthread_create(&thread, NULL, post_late, &semaphore);
    SHOW_WAIT(100, sem_wait(&semaphore));
    pthread_join(thread, NULL);
    struct timespec until = later(CLOCK_REALTIME, 150);
    SHOW_WAIT(149, sem_timedwait(&semaphore, &until));
    until = later(CLOCK_MONOTONIC, 150);
    SHOW_WAIT(149, sem_clockwait(&semaphore, CLOCK_MONOTONIC, &until));
    until = later(CLOCK_REALTIME, 5000);
    pthread_create(&thread, NULL, post_late, &semaphore);
    SHOW_WAIT(100, sem_timedwait(&semaphore, &until));
    pthread_join(thread, NULL);
    SHOW(sem_timedwait(&semaphore, &past));
    SHOW(sem_timedwait(&semaphore, &bad));
    SHOW(sem_clockwait(&semaphore, CLOCK_BOOTTIME, &until));
    SHOW(sem_post(&semaphore));
    SHOW(sem_timedwait(&semaphore, &past));
    SHOW(sem_destroy(&semaphore));
    SHOW(sem_init(&semaphore, 0, (unsigned)SEM_VALUE_MAX + 1));
    SHOW(sem_init(&semaphore, 0, SEM_VALUE_MAX));
    SHOW(sem_post(&semaphore));
    SHOW(sem_destroy(&semaphore));
}

static void of_processes(sem_t* there, sem_t* back) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; ++i) {
            sem_wait(there);
            rest(100);
            sem_post(back);
        }
        _exit(5);
    }
    int status = -1;
    for (int i = 0; i < 3; ++i) {
        SHOW(sem_post(there));
        SHOW_WAIT(30, sem_wait(back));
    }
    SHOW(sem_trywait(back));
    MUST(waitpid(child, &status, 0));
    SHOW(WEXITSTATUS(status));
}

int main(void) {
    char name[32], other[32];
    of_threads();
    sem_t* shared = mmap(NULL, 2 * sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SHOW(sem_init(&shared[0], 1, 0));
    SHOW(sem_init(&shared[1], 1, 0));
    of_processes(&shared[0], &shared[1]);
    SHOW(munmap(shared, 2 * sizeof(sem_t)));

    snprintf(name, sizeof name, "/weft-guest-a-%d", (int)getpid());
    snprintf(other, sizeof other, "/weft-guest-b-%d", (int)getpid());
    sem_t* there = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    sem_t* back = sem_open(other, O_CREAT | O_EXCL, 0600, 0);
    SHOW(there != SEM_FAILED && back != SEM_FAILED);
    SHOW(sem_open(name, O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED);
    of_processes(there, back);
    SHOW(sem_close(there));
    SHOW(sem_close(back));
    SHOW(sem_unlink(name));
    SHOW(sem_unlink(other));
    SHOW(sem_unlink(other));
    SHOW(sem_open(name, 0) == SEM_FAILED);
    return 0;
}
