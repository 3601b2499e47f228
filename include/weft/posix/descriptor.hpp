// libc's calls on any descriptor under their own names, cooperative; and what makes, duplicates and closes descriptors, which
// has to be told to the hubs. weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace weft::posix {

// Sockets, pipes, terminals and events wait; regular files are read and written at once.
WEFT_API ssize_t read(int fd, void* to, std::size_t size) noexcept;
WEFT_API ssize_t readv(int fd, const iovec* buffers, int count) noexcept;
WEFT_API ssize_t preadv2(int fd, const iovec* buffers, int count, off_t offset, int flags) noexcept;
WEFT_API ssize_t write(int fd, const void* from, std::size_t size) noexcept;
WEFT_API ssize_t writev(int fd, const iovec* buffers, int count) noexcept;
WEFT_API ssize_t pwritev2(int fd, const iovec* buffers, int count, off_t offset, int flags) noexcept;

// A plain thread may be cancelled by pthread_cancel() in some of these, and is unwound through them.

/// Wakes whoever waits for it, with EBADF. A descriptor of a hub's own stays open, and the result is 0 all the same.
WEFT_API int close(int fd);
WEFT_API int close_range(unsigned first, unsigned last, int flags) noexcept;
WEFT_API void closefrom(int first) noexcept;
WEFT_API int dup(int fd) noexcept;
/// EBUSY for a number that a hub uses.
WEFT_API int dup2(int fd, int to) noexcept;
WEFT_API int dup3(int fd, int to, int flags) noexcept;
WEFT_API int fcntl(int fd, int command, ...);
/// A lock that somebody else holds, also by fcntl(F_SETLKW), is tried again and again: the kernel does not say when it is free.
WEFT_API int flock(int fd, int operation) noexcept;
WEFT_API int lockf(int fd, int command, off_t size);
WEFT_API int ioctl(int fd, unsigned long request, ...) noexcept;
WEFT_API int pipe(int* ends) noexcept;
WEFT_API int pipe2(int* ends, int flags) noexcept;
WEFT_API int open(const char* path, int flags, ...);
WEFT_API int openat(int directory, const char* path, int flags, ...);
WEFT_API int creat(const char* path, mode_t mode);
WEFT_API int eventfd(unsigned value, int flags) noexcept;
WEFT_API int timerfd_create(int clock, int flags) noexcept;
WEFT_API int signalfd(int fd, const sigset_t* set, int flags) noexcept;
WEFT_API int inotify_init() noexcept;
WEFT_API int inotify_init1(int flags) noexcept;
WEFT_API int epoll_create(int size) noexcept;
WEFT_API int epoll_create1(int flags) noexcept;
WEFT_API int pidfd_open(pid_t process, unsigned flags) noexcept;

}  // namespace weft::posix
