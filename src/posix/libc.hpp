// The originals of what weft::posix makes cooperative and base/sys does not hold: libc's own functions, also where a shim has put
// others in front of them.
#pragma once

#include "base/sys.hpp"

#include <weft/base/export.hpp>

#include <mqueue.h>
#include <netdb.h>
#include <pthread.h>
#include <pty.h>
#include <resolv.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <threads.h>
#include <utmp.h>
#include <wchar.h>

// glibc 2.36 has forgotten to say that it is C.
extern "C" {
#include <sys/pidfd.h>
}

// Exported for the macros of old headers: what reads once there is nothing left in the buffer.
extern "C" int __underflow(FILE*);  // NOLINT(bugprone-reserved-identifier): libc's

// clang-format off
#define WEFT_LIBC_DESCRIPTORS(X) \
    X(accept) X(close_range) X(closefrom) X(creat) X(dup) X(dup2) X(dup3) X(epoll_create) X(inotify_init) \
    X(inotify_init1) X(ioctl) X(openat) X(pidfd_open) X(pipe)
#define WEFT_LIBC_TRANSFERS(X) \
    X(preadv2) X(pwritev2) X(recvmmsg) X(sendmmsg)
#define WEFT_LIBC_POLL(X) \
    X(epoll_pwait) X(ppoll) X(pselect) X(select)
#define WEFT_LIBC_TIME(X) \
    X(clock_nanosleep) X(sleep) X(thrd_sleep) X(usleep)
#define WEFT_LIBC_PROCESSES(X) \
    X(fork) X(pclose) X(popen) X(posix_spawn) X(posix_spawnp) X(system) \
    X(wait) X(wait3) X(wait4) X(waitid) X(waitpid)
#define WEFT_LIBC_LOCKS(X) \
    X(flock) X(lockf)
#define WEFT_LIBC_QUEUES(X) \
    X(mq_receive) X(mq_send) X(mq_timedreceive) X(mq_timedsend)
#define WEFT_LIBC_SIGNALS(X) \
    X(pause) X(sigsuspend) X(sigtimedwait) X(sigwait) X(sigwaitinfo)
#define WEFT_LIBC_FILES(X) \
    X(copy_file_range) X(eventfd_read) X(eventfd_write) X(fdatasync) X(fsync) X(pread) X(preadv) X(pwrite) X(pwritev) \
    X(sendfile) X(splice) X(tee) X(vmsplice)
#define WEFT_LIBC_STREAMS(X) \
    X(daemon) X(forkpty) X(login_tty)
#define WEFT_LIBC_NAMES(X) \
    X(gethostbyaddr) X(gethostbyaddr_r) X(gethostbyname) X(gethostbyname2) X(gethostbyname2_r) X(gethostbyname_r) \
    X(getnameinfo) X(res_nquery) X(res_nquerydomain) X(res_nsearch) X(res_nsend) X(res_query) X(res_querydomain) \
    X(res_search) X(res_send)
#define WEFT_LIBC_STDIO(X) \
    X(__underflow) X(fclose) X(fgetc) X(fgetc_unlocked) X(fgets) X(fgets_unlocked) X(fgetwc) X(fgetwc_unlocked) X(fgetws) \
    X(fgetws_unlocked) X(fread) X(fread_unlocked) X(freopen) X(getdelim) X(getw)
#define WEFT_LIBC_THREAD_LOCKS(X) \
    X(pthread_mutex_lock) X(pthread_mutex_trylock) X(pthread_mutex_timedlock) X(pthread_mutex_clocklock) \
    X(pthread_mutex_unlock) X(pthread_mutex_init) X(pthread_mutex_destroy) X(pthread_cond_wait) \
    X(pthread_cond_timedwait) X(pthread_cond_clockwait) X(pthread_cond_signal) X(pthread_cond_broadcast) \
    X(pthread_rwlock_rdlock) X(pthread_rwlock_wrlock) X(pthread_rwlock_tryrdlock) X(pthread_rwlock_trywrlock) \
    X(pthread_rwlock_timedrdlock) X(pthread_rwlock_timedwrlock) X(pthread_rwlock_clockrdlock) \
    X(pthread_rwlock_clockwrlock) X(pthread_rwlock_unlock) X(pthread_barrier_wait) X(pthread_barrier_destroy) X(pthread_spin_lock) \
    X(pthread_spin_trylock) X(sem_wait) X(sem_timedwait) X(sem_clockwait) X(sem_trywait) X(sem_post) \
    X(mtx_lock) X(mtx_timedlock) X(mtx_trylock) X(mtx_unlock) X(cnd_wait) X(cnd_timedwait) X(cnd_signal) \
    X(cnd_broadcast) X(syscall)
#define WEFT_LIBC_THREADS(X) \
    X(pthread_join) X(pthread_tryjoin_np) X(pthread_timedjoin_np) X(pthread_clockjoin_np) X(thrd_join) \
    X(pthread_key_create) X(pthread_key_delete) X(pthread_getspecific) X(pthread_setspecific)
#define WEFT_LIBC_CALLS(X) \
    WEFT_LIBC_DESCRIPTORS(X) WEFT_LIBC_TRANSFERS(X) WEFT_LIBC_POLL(X) WEFT_LIBC_TIME(X) WEFT_LIBC_PROCESSES(X) \
    WEFT_LIBC_LOCKS(X) WEFT_LIBC_QUEUES(X) WEFT_LIBC_SIGNALS(X) WEFT_LIBC_FILES(X) WEFT_LIBC_STREAMS(X) \
    WEFT_LIBC_NAMES(X) WEFT_LIBC_STDIO(X) WEFT_LIBC_THREAD_LOCKS(X) WEFT_LIBC_THREADS(X)
// clang-format on

namespace weft::impl {

/// As Sys: read without synchronisation, replaced only while no other thread runs.
struct Libc {
#define WEFT_LIBC_ENTRY(name) \
    decltype(&::name) name = &::name;  // NOLINT(bugprone-macro-parentheses): a declaration
    WEFT_LIBC_CALLS(WEFT_LIBC_ENTRY)
#undef WEFT_LIBC_ENTRY
};

extern constinit Libc libc;

}  // namespace weft::impl
