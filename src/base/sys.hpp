// The only door to libc and the kernel: a table of functions. Fault tests replace entries, the shim restores
// the originals.
#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace weft::impl {

/// Sleeps while `*word == expected`, at most until the absolute CLOCK_MONOTONIC time (null: without limit).
/// Returns 0, or -1 with errno ETIMEDOUT, EAGAIN or EINTR.
int futex_wait(const std::uint32_t* word, std::uint32_t expected, const timespec* until);
/// Wakes at most `count` waiters. Returns how many.
int futex_wake(const std::uint32_t* word, int count);

/// Signatures are those of libc. Entries are read without synchronisation: replace them only while no other
/// thread runs.
struct Sys {
    // Memory.
    void* (*mmap)(void*, std::size_t, int, int, int, off_t) = ::mmap;
    int (*munmap)(void*, std::size_t) = ::munmap;
    int (*madvise)(void*, std::size_t, int) = ::madvise;
    int (*mprotect)(void*, std::size_t, int) = ::mprotect;
    int (*mincore)(void*, std::size_t, unsigned char*) = ::mincore;
    int (*prctl)(int, ...) = ::prctl;
    // Time and threads.
    int (*clock_gettime)(clockid_t, timespec*) = ::clock_gettime;
    int (*nanosleep)(const timespec*, timespec*) = ::nanosleep;
    int (*sched_yield)() = ::sched_yield;
    int (*futex_wait)(const std::uint32_t*, std::uint32_t, const timespec*) = impl::futex_wait;
    int (*futex_wake)(const std::uint32_t*, int) = impl::futex_wake;
    // Descriptors.
    int (*open)(const char*, int, ...) = ::open;
    int (*close)(int) = ::close;
    int (*fcntl)(int, int, ...) = ::fcntl;
    int (*pipe2)(int*, int) = ::pipe2;
    ssize_t (*read)(int, void*, std::size_t) = ::read;
    ssize_t (*write)(int, const void*, std::size_t) = ::write;
    ssize_t (*readv)(int, const iovec*, int) = ::readv;
    ssize_t (*writev)(int, const iovec*, int) = ::writev;
    int (*eventfd)(unsigned, int) = ::eventfd;
    int (*timerfd_create)(int, int) = ::timerfd_create;
    int (*timerfd_settime)(int, int, const itimerspec*, itimerspec*) = ::timerfd_settime;
    // Readiness.
    int (*poll)(pollfd*, nfds_t, int) = ::poll;
    int (*epoll_create1)(int) = ::epoll_create1;
    int (*epoll_ctl)(int, int, int, epoll_event*) = ::epoll_ctl;
    int (*epoll_wait)(int, epoll_event*, int, int) = ::epoll_wait;
    int (*epoll_pwait2)(int, epoll_event*, int, const timespec*, const sigset_t*) = ::epoll_pwait2;
    // Sockets.
    int (*socket)(int, int, int) = ::socket;
    int (*socketpair)(int, int, int, int*) = ::socketpair;
    int (*bind)(int, const sockaddr*, socklen_t) = ::bind;
    int (*listen)(int, int) = ::listen;
    int (*accept4)(int, sockaddr*, socklen_t*, int) = ::accept4;
    int (*connect)(int, const sockaddr*, socklen_t) = ::connect;
    ssize_t (*recv)(int, void*, std::size_t, int) = ::recv;
    ssize_t (*send)(int, const void*, std::size_t, int) = ::send;
    ssize_t (*recvfrom)(int, void*, std::size_t, int, sockaddr*, socklen_t*) = ::recvfrom;
    ssize_t (*sendto)(int, const void*, std::size_t, int, const sockaddr*, socklen_t) = ::sendto;
    ssize_t (*recvmsg)(int, msghdr*, int) = ::recvmsg;
    ssize_t (*sendmsg)(int, const msghdr*, int) = ::sendmsg;
    int (*shutdown)(int, int) = ::shutdown;
    int (*getsockopt)(int, int, int, void*, socklen_t*) = ::getsockopt;
    int (*setsockopt)(int, int, int, const void*, socklen_t) = ::setsockopt;
    int (*getsockname)(int, sockaddr*, socklen_t*) = ::getsockname;
    int (*getpeername)(int, sockaddr*, socklen_t*) = ::getpeername;
    int (*getaddrinfo)(const char*, const char*, const addrinfo*, addrinfo**) = ::getaddrinfo;
    void (*freeaddrinfo)(addrinfo*) = ::freeaddrinfo;
    // Signals and limits.
    int (*sigaltstack)(const stack_t*, stack_t*) = ::sigaltstack;
    int (*pthread_sigmask)(int, const sigset_t*, sigset_t*) = ::pthread_sigmask;
    int (*signalfd)(int, const sigset_t*, int) = ::signalfd;
    int (*sigaction)(int, const struct sigaction*, struct sigaction*) = ::sigaction;
    int (*getrlimit)(__rlimit_resource_t, rlimit*) = ::getrlimit;
    int (*setrlimit)(__rlimit_resource_t, const rlimit*) = ::setrlimit;
};

extern constinit Sys sys;

}  // namespace weft::impl
