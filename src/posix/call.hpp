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

/// Calls that a fiber may make without waiting before others get their turn. A C library makes several small ones for each piece
/// of work, so they are more than weft's own operations.
inline constexpr std::int16_t calls_per_turn = 16;

/// At the begin of a call that may wait: 0, or the error of an interruption. Now and then others get their turn first.
inline int begin_call(Hub& hub) noexcept {
    FiberBlock& fiber = hub.running();
    if (fiber.attention != 0 && interrupted()) [[unlikely]] {
        hub.yield_to_pass();  // who tries for ever must not keep the others from running
        return interruption_error();
    }
    if (fiber.io_done++ < calls_per_turn) [[likely]] {
        return 0;
    }
    fiber.io_done = 1;
    hub.yield_to_pass();
    return 0;
}

/// The shortest way of a call that will hardly have to wait: the descriptor is known, worth trying, and nothing stands in the
/// way; that is begin_call(), then. Else null.
inline Direction* begin_short(Hub& hub, int fd, bool write) noexcept {
    FdState* state = FdTable::known(hub, fd);
    if (state == nullptr) [[unlikely]] {
        return nullptr;
    }
    Direction& direction = write ? state->write : state->read;
    FiberBlock& fiber = hub.running();
    if (!direction.ready || fiber.attention != 0 || fiber.io_done >= calls_per_turn) {
        return nullptr;
    }
    ++fiber.io_done;
    return &direction;
}

/// One direction of one descriptor, waited for by one call, which has one limit for all of its waits.
class FdCall {
public:
    /// Null state(): there is no such descriptor or no memory for it, and the kernel has to say which.
    FdCall(Hub& hub, int fd, bool write) noexcept
        : hub_(hub), state_(FdTable::known(hub, fd)), fd_(fd), write_(write) {
        if (state_ == nullptr) [[unlikely]] {
            make_state();
        }
        record_ = &record_of(fd);
    }

    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }
    /// What a call that is not valid() fails with.
    [[nodiscard]] int error() const noexcept { return is_possible(fd_) ? ENOMEM : EBADF; }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] FdRecord& record() const noexcept { return *record_; }
    [[nodiscard]] Direction& direction() const noexcept { return write_ ? state_->write : state_->read; }
    [[nodiscard]] bool nonblocking() const noexcept { return is_nonblocking(fd_, *record_); }

    /// Waits until it is worth trying: 0 or an errno value; `lapsed` where SO_RCVTIMEO or SO_SNDTIMEO has passed (or the limit
    /// that until() has set), EBADF once the descriptor is closed, ETIMEDOUT or ECANCELED if the fiber is interrupted, EINTR by the
    /// handler of a signal without SA_RESTART.
    [[nodiscard]] int wait() noexcept;
    /// The same where the poller does not know: for a while.
    [[nodiscard]] int rest() noexcept;
    /// The limit of the call, instead of the socket's option.
    void until(Deadline deadline) noexcept {
        deadline_ = deadline;
        limited_ = true;
    }

    /// There was nothing for a call on a non-blocking descriptor, which returns: who tries for ever must not keep the others from
    /// running. Keeps errno.
    void missed() noexcept;

    static constexpr int lapsed = -1;

private:
    void make_state() noexcept;
    void fix_limit() noexcept;

    Hub& hub_;
    FdState* state_;
    FdRecord* record_;
    Deadline deadline_;
    int fd_;
    bool write_;
    bool limited_ = false;
};

/// At the begin of a transfer. One that cannot block never gives way to others (missed() does): a library with a loop of its own
/// counts on that, and may be in the middle of what belongs to the thread, such as OpenSSL's queue of errors.
inline int begin_call(Hub& hub, const FdCall& call) noexcept {
    const FiberBlock& fiber = hub.running();
    if (fiber.io_done >= operations_per_turn && fiber.attention == 0 && call.nonblocking()) [[unlikely]] {
        return 0;
    }
    return begin_call(hub);
}

/// Whether poll() has anything to say of the descriptor, without waiting.
[[nodiscard]] bool ready_now(int fd, short events) noexcept;

/// Waits without a descriptor, until `deadline`: 0 once it has passed, else ETIMEDOUT, ECANCELED or (a signal's handler has run;
/// `restarts`: one without SA_RESTART) EINTR.
[[nodiscard]] int rest_until(Deadline deadline, bool restarts = false) noexcept;

}  // namespace weft::impl
