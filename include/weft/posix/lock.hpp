// libc's locks under their own names, cooperative: a fiber that finds one taken parks, by the lock's address. The types are libc's
// own, with their static initialisers, and fibers, threads and other hubs may share a lock, as long as all of them unlock and
// signal through these functions (or the shim).
//
// Besides what weft/posix/posix.hpp says:
//
//  - Waits for mutexes, read-write locks, barriers, pthread_once, condition variables and the end of a thread are not interrupted:
//    they end when the lock is there (or the call's own limit), since their callers count on that. Those for semaphores are, with -1
//    and ETIMEDOUT or ECANCELED. Where the hub finds a deadlock that a wait for a lock is part of, it stops the program with a dump.
//  - The owner of a mutex that knows its owner, and of a read-write lock, is the fiber: another one of the same thread waits, and
//    may not unlock it (EPERM).
//  - What other processes share is tried again and again, at most 5 ms apart.
#pragma once

#include <weft/base/export.hpp>

#include <pthread.h>
#include <semaphore.h>
#include <threads.h>
#include <time.h>

namespace weft::posix {

WEFT_API int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept;
WEFT_API int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept;
WEFT_API int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept;
WEFT_API int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept;
WEFT_API int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept;
WEFT_API int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept;
WEFT_API int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept;

WEFT_API int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex);
WEFT_API int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until);
WEFT_API int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                    const timespec* until);
WEFT_API int pthread_cond_signal(pthread_cond_t* condition) noexcept;
WEFT_API int pthread_cond_broadcast(pthread_cond_t* condition) noexcept;

WEFT_API int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept;
WEFT_API int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept;
WEFT_API int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept;
WEFT_API int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept;
WEFT_API int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* until) noexcept;
WEFT_API int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* until) noexcept;
WEFT_API int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                                        const timespec* until) noexcept;
WEFT_API int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                                        const timespec* until) noexcept;
WEFT_API int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept;

/// The last party to arrive gets PTHREAD_BARRIER_SERIAL_THREAD. Threads wait here, too, not in libc, unless they are another
/// process's.
WEFT_API int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept;
/// Waits until all parties of a barrier that processes share have left it.
WEFT_API int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept;
/// What routine() throws is thrown, and it has not been called then.
WEFT_API int pthread_once(pthread_once_t* control, void (*routine)());
/// Lets other fibers run while it is taken.
WEFT_API int pthread_spin_lock(pthread_spinlock_t* lock) noexcept;

WEFT_API int sem_wait(sem_t* semaphore);
WEFT_API int sem_timedwait(sem_t* semaphore, const timespec* until);
WEFT_API int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until);
WEFT_API int sem_trywait(sem_t* semaphore) noexcept;
WEFT_API int sem_post(sem_t* semaphore) noexcept;

// C11's.
WEFT_API int mtx_lock(mtx_t* mutex);
WEFT_API int mtx_timedlock(mtx_t* mutex, const timespec* until);
WEFT_API int mtx_trylock(mtx_t* mutex);
WEFT_API int mtx_unlock(mtx_t* mutex);
WEFT_API int cnd_wait(cnd_t* condition, mtx_t* mutex);
WEFT_API int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until);
WEFT_API int cnd_signal(cnd_t* condition);
WEFT_API int cnd_broadcast(cnd_t* condition);
WEFT_API void call_once(once_flag* flag, void (*routine)());

/// syscall(SYS_futex, ...): FUTEX_WAIT, FUTEX_LOCK_PI and their relatives park, uninterrupted; FUTEX_WAKE serves parked fibers
/// first, and what moves waiters to another word wakes them. All other operations are the kernel's. Locks that inherit priority
/// are tried again and again; they have a thread as owner, so a fiber that locks one twice waits for ever (no EDEADLK).
WEFT_API long futex(long word, long operation, long value, long limit, long other_word, long bits) noexcept;

}  // namespace weft::posix
