// Waiting on a thread without a hub: the thread itself blocks in poll.
#pragma once

#include "io/io.hpp"

#include <poll.h>

#include <cerrno>

namespace weft::impl {

constexpr short poll_events(bool write) noexcept { return write ? POLLOUT : POLLIN; }

/// Whether one of the events is there now: 0, ETIMEDOUT if not, or what is wrong.
[[nodiscard]] int look_natively(int fd, short events) noexcept;

/// 0 once the direction is ready, else an errno value. Past its deadline it does not look any more: who tries in vain
/// what poll() calls ready has to come to an end.
[[nodiscard]] int wait_natively(int fd, bool write, Deadline& deadline) noexcept;

/// The same, but looks once even past the deadline: for who has not tried.
[[nodiscard]] int await_natively(int fd, bool write, Deadline& deadline) noexcept;

/// Sleeps for `pause`, or until the deadline and then returns ETIMEDOUT. In a fiber, the fiber sleeps.
[[nodiscard]] int rest(Duration pause, Deadline& deadline);

template <class Attempt>
Transfer transfer_natively(int fd, bool write, Deadline& deadline, Attempt attempt) {
    if (fd < 0) {
        return {-1, EBADF};
    }
    for (;;) {
        const ssize_t size = attempt(fd);
        if (size >= 0) {
            return {size, 0};
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (const int error = wait_natively(fd, write, deadline); error != 0) {
                return {-1, error};
            }
        } else if (errno != EINTR) {
            return {-1, errno};
        }
    }
}

}  // namespace weft::impl
