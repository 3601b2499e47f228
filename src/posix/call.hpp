// What all cooperative calls of libc's shape begin and end with. They throw nothing: an interruption of the fiber becomes an
// errno, and stays pending for the first wait that can throw it.
#pragma once

#include "core/hub.hpp"
#include "core/park.hpp"
#include "io/park_on.hpp"
#include "posix/fd_record.hpp"

#include <cerrno>

namespace weft::impl {

/// The calling thread's hub, if a fiber calls; null where a call has to be libc's: on a thread without a hub, and on the hub's
/// own stack.
inline Hub* fiber_hub() noexcept {
    Hub* hub = Hub::current();
    return hub != nullptr && !hub->in_loop() ? hub : nullptr;
}

/// The result of a call that has failed.
inline int fail(int error) noexcept {
    errno = error;
    return -1;
}

/// At the begin of a call that may wait: 0, or the error of an interruption. Now and then others get their turn first.
inline int begin_call(Hub& hub) noexcept {
    FiberBlock& fiber = hub.running();
    if (fiber.attention != 0 && interrupted()) [[unlikely]] {
        hub.yield(true);  // who tries for ever must not keep the others from running
        return interruption_error();
    }
    if (fiber.io_done++ < operations_per_turn) [[likely]] {
        return 0;
    }
    fiber.io_done = 1;
    hub.yield(true);
    return 0;
}

/// One direction of one descriptor, waited for by one call, which has one limit for all of its waits.
class FdCall {
public:
    /// Null state(): there is no such descriptor or no memory for it, and the kernel has to say which.
    FdCall(Hub& hub, int fd, bool write) noexcept;

    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] FdRecord& record() const noexcept { return *record_; }
    [[nodiscard]] Direction& direction() const noexcept { return *direction_; }
    [[nodiscard]] bool nonblocking() const noexcept { return is_nonblocking(fd_, *record_); }

    /// Waits until it is worth trying: 0 or an errno value; `lapsed` where SO_RCVTIMEO or SO_SNDTIMEO has passed (or the limit
    /// that until() has set), EBADF once the descriptor is closed, ETIMEDOUT or ECANCELED if the fiber is interrupted.
    [[nodiscard]] int wait() noexcept;
    /// The limit of the call, instead of the socket's option.
    void until(Deadline deadline) noexcept {
        deadline_ = deadline;
        limited_ = true;
    }

    static constexpr int lapsed = -1;

private:
    Hub& hub_;
    FdState* state_ = nullptr;
    Direction* direction_ = nullptr;
    FdRecord* record_ = nullptr;
    Deadline deadline_;
    int fd_;
    bool write_;
    bool limited_ = false;
};

/// Waits without a descriptor, until `deadline`: 0 once it has passed, else ETIMEDOUT or ECANCELED.
[[nodiscard]] int rest_until(Deadline deadline) noexcept;

}  // namespace weft::impl
