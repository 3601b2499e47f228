// Waiting for several descriptors at once, and for signals that only this wait lets through.
#pragma once

#include "base/unique_fd.hpp"
#include "core/hub.hpp"
#include "io/fd_hubs.hpp"

#include <weft/time/deadline.hpp>

#include <poll.h>
#include <signal.h>

#include <cerrno>

namespace weft::impl {

/// ppoll() in a fiber, which parks until one of the entries has something to say or the deadline has passed. `mask` may be null.
/// As libc's: a count, or -1 and errno. `restarts`: a signal's handler with SA_RESTART does not end it.
int poll_in_fiber(Hub& hub, pollfd* entries, nfds_t count, Deadline deadline, const sigset_t* mask,
                  bool restarts = false) noexcept;

/// poll() of one descriptor's readability.
int poll_readable(Hub& hub, int fd, Deadline deadline, const sigset_t* mask = nullptr,
                  bool restarts = false) noexcept;

/// Fixes the limit of a call that has found nothing. True: the limit is none at all. Who only asks, and asks again and again,
/// has let the others do what it asks for then.
bool only_asks(Hub& hub, Deadline& deadline) noexcept;

/// A descriptor of the library's own that somebody waits for, for the length of a call. Keeps errno at its end.
class WaitFd {
public:
    /// -1: there is none.
    explicit WaitFd(int fd) noexcept : fd_(fd) {
        if (fd_) {
            begin_here(fd);
        }
    }
    WaitFd(WaitFd&& other) noexcept = default;
    WaitFd& operator=(WaitFd&&) = delete;
    ~WaitFd() {
        if (fd_) {
            const int error = errno;
            forget_here(fd_.get());
            fd_.reset();
            errno = error;
        }
    }
    [[nodiscard]] int get() const noexcept { return fd_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

private:
    UniqueFd fd_;
};

/// The limits of libc's calls. Milliseconds below 0: never; a null time: never. False: not a time.
Deadline deadline_of_ms(int timeout_ms) noexcept;
bool deadline_of(const timespec* limit, Deadline& deadline) noexcept;

}  // namespace weft::impl
