// libc's calls that wait for several descriptors, under their own names, cooperative. The descriptors stay as they are, and a
// program's own epoll instances stay real. weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

namespace weft::posix {

WEFT_API int poll(pollfd* entries, nfds_t count, int timeout_ms) noexcept;
/// A signal that only `mask` lets through ends the wait with EINTR, as in libc.
WEFT_API int ppoll(pollfd* entries, nfds_t count, const timespec* limit, const sigset_t* mask) noexcept;
WEFT_API int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                    timeval* limit) noexcept;
WEFT_API int pselect(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                     const timespec* limit, const sigset_t* mask) noexcept;
WEFT_API int epoll_wait(int epoll, epoll_event* events, int room, int timeout_ms) noexcept;
WEFT_API int epoll_pwait(int epoll, epoll_event* events, int room, int timeout_ms,
                         const sigset_t* mask) noexcept;
WEFT_API int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* limit,
                          const sigset_t* mask) noexcept;

}  // namespace weft::posix
