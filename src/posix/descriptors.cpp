// What makes, duplicates and closes descriptors: the hubs have to hear of it, and keep their own.
#include <weft/posix/descriptor.hpp>

#include "base/own_fds.hpp"
#include "io/fd_hubs.hpp"
#include "posix/end_use.hpp"
#include "posix/fd_record.hpp"
#include "posix/libc.hpp"

#include <linux/close_range.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdarg>

namespace weft::posix {

using impl::begun;
using impl::FdKind;

namespace {

int begun_pair(int result, const int* ends, bool is_nonblocking) noexcept {
    if (result == 0) {
        begun(ends[0], FdKind::pollable, is_nonblocking);
        begun(ends[1], FdKind::pollable, is_nonblocking);
    }
    return result;
}

/// An opened file: what it is will be seen when it is used. The description is this process's alone.
int opened(int fd, int flags) noexcept { return begun(fd, FdKind::unknown, (flags & O_NONBLOCK) != 0); }

constexpr bool takes_mode(int flags) noexcept {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

int duplicated(int from, int to) noexcept {
    if (to >= 0) {
        impl::share(from);
        impl::begin_shared(to);
    }
    return to;
}

/// Calls visit(first, last) for the parts of the range that hold nothing of the library's.
template <class Visit>
int without_own(unsigned first, unsigned last, Visit visit) noexcept {
    while (first <= last) {
        const int own = first <= INT_MAX ? impl::next_own_fd(static_cast<int>(first)) : -1;
        if (own < 0 || static_cast<unsigned>(own) > last) {
            return visit(first, last);
        }
        const auto number = static_cast<unsigned>(own);
        if (number > first) {
            if (const int result = visit(first, number - 1); result != 0) {
                return result;
            }
        }
        first = number + 1;
    }
    return 0;
}

/// Closes, one by one, what next() finds in the range: somebody has to hear of it.
void close_noted(unsigned first, unsigned last, int (*next)(int) noexcept) noexcept {
    for (int fd = first <= INT_MAX ? next(static_cast<int>(first)) : -1;
         fd >= 0 && static_cast<unsigned>(fd) <= last; fd = next(fd + 1)) {
        posix::close(fd);
    }
}

}  // namespace

int close(int fd) {
    if (impl::is_own_fd(fd)) [[unlikely]] {
        return 0;
    }
    if (impl::FdRecord* record = impl::known_record(fd)) {
        record->forget();
    }
    return impl::close_for_all(fd);
}

int close_range(unsigned first, unsigned last, int flags) noexcept {
    if ((flags & ~static_cast<int>(CLOSE_RANGE_UNSHARE)) != 0 || first > last) {
        return impl::libc.close_range(first, last,
                                      flags);  // close-on-exec, which the library's have, or an error
    }
    return without_own(first, last, [flags](unsigned from, unsigned to) noexcept {
        close_noted(from, to, &impl::next_known);
        close_noted(from, to, &impl::next_watched);
        return impl::libc.close_range(from, to, flags);
    });
}

void closefrom(int first) noexcept {
    // Where the kernel has no close_range (5.9), libc's closefrom reads /proc; it would not spare the library's own.
    if (impl::next_own_fd(first) < 0 ||
        close_range(static_cast<unsigned>(std::max(first, 0)), UINT_MAX, 0) != 0) {
        impl::libc.closefrom(first);
    }
}

int dup(int fd) noexcept { return duplicated(fd, impl::libc.dup(fd)); }

int dup2(int fd, int to) noexcept {
    if (fd == to) {
        return impl::libc.dup2(fd, to);
    }
    if (impl::is_own_fd(to)) {
        errno = EBUSY;
        return -1;
    }
    if (impl::sys.fcntl(fd, F_GETFD) >= 0) {
        impl::end_use(to);
    }
    return duplicated(fd, impl::libc.dup2(fd, to));
}

int dup3(int fd, int to, int flags) noexcept {
    if (impl::is_own_fd(to)) {
        errno = EBUSY;
        return -1;
    }
    if (fd != to && (flags & ~O_CLOEXEC) == 0 && impl::sys.fcntl(fd, F_GETFD) >= 0) {
        impl::end_use(to);
    }
    return duplicated(fd, impl::libc.dup3(fd, to, flags));
}

int pipe(int* ends) noexcept { return begun_pair(impl::libc.pipe(ends), ends, false); }

int pipe2(int* ends, int flags) noexcept {
    return begun_pair(impl::sys.pipe2(ends, flags), ends, (flags & O_NONBLOCK) != 0);
}

int open(const char* path, int flags, ...) {
    std::va_list more;
    va_start(more, flags);
    const mode_t mode = takes_mode(flags) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(impl::sys.open(path, flags, mode), flags);
}

int openat(int directory, const char* path, int flags, ...) {
    std::va_list more;
    va_start(more, flags);
    const mode_t mode = takes_mode(flags) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(impl::libc.openat(directory, path, flags, mode), flags);
}

int creat(const char* path, mode_t mode) { return opened(impl::libc.creat(path, mode), 0); }

int eventfd(unsigned value, int flags) noexcept {
    return begun(impl::sys.eventfd(value, flags), FdKind::pollable, (flags & EFD_NONBLOCK) != 0);
}

int timerfd_create(int clock, int flags) noexcept {
    return begun(impl::sys.timerfd_create(clock, flags), FdKind::pollable, (flags & TFD_NONBLOCK) != 0);
}

int signalfd(int fd, const sigset_t* set, int flags) noexcept {
    const int made = impl::sys.signalfd(fd, set, flags);
    return fd == -1 ? begun(made, FdKind::pollable, (flags & SFD_NONBLOCK) != 0) : made;
}

int inotify_init() noexcept { return begun(impl::libc.inotify_init(), FdKind::pollable, false); }

int inotify_init1(int flags) noexcept {
    return begun(impl::libc.inotify_init1(flags), FdKind::pollable, (flags & IN_NONBLOCK) != 0);
}

int epoll_create(int size) noexcept { return begun(impl::libc.epoll_create(size), FdKind::pollable, false); }

int epoll_create1(int flags) noexcept {
    return begun(impl::sys.epoll_create1(flags), FdKind::pollable, false);
}

int pidfd_open(pid_t process, unsigned flags) noexcept {
    return begun(impl::libc.pidfd_open(process, flags), FdKind::pollable, (flags & O_NONBLOCK) != 0);
}

}  // namespace weft::posix
