// Waiting for a lock until it can be taken: what all kinds of locks have in common.
#pragma once

#include "posix/lot.hpp"

#include <time.h>

#include <algorithm>
#include <cerrno>

namespace weft::impl {

/// Until when a call waits, by the clock that it names.
class LockLimit {
public:
    /// For ever.
    LockLimit() = default;
    /// An absolute time. CLOCK_REALTIME may be set meanwhile: the wait is never too short then.
    LockLimit(clockid_t clock, const timespec& time) noexcept;

    /// A length from now on.
    [[nodiscard]] static LockLimit from_now(Hub& hub, const timespec& length) noexcept;

    /// Other clocks are refused by libc itself, whatever the lock's state.
    static bool knows(clockid_t clock) noexcept {
        return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
    }
    /// EINVAL for what is no time, else 0.
    [[nodiscard]] int error() const noexcept { return error_; }
    [[nodiscard]] bool passed(Hub& hub) const noexcept { return limited_ && left(hub) <= Duration::zero(); }
    /// As the hub's clock has it now; at most `pause` from now.
    [[nodiscard]] TimePoint until(Hub& hub, Duration pause) const noexcept;

    static constexpr Duration no_pause = Duration::max();

private:
    [[nodiscard]] Duration left(Hub& hub) const noexcept;

    std::int64_t time_ = 0;
    clockid_t clock_ = CLOCK_MONOTONIC;
    int error_ = 0;
    bool limited_ = false;
};

/// The length of the waits of who cannot be told that a lock is free: because another process frees it, or the kernel.
class LockPauses {
public:
    /// Starts short: most locks are held for moments.
    Duration next() noexcept {
        const Duration now = next_;
        next_ = std::min(next_ * 2, Duration(std::chrono::milliseconds(5)));
        return now;
    }

private:
    Duration next_ = std::chrono::microseconds(50);
};

/// Waits in the lot until attempt() returns something else than EBUSY, and returns that; ETIMEDOUT past the limit. `unheard()`
/// says whether the lock may become free without a word to the lot, for now. Nothing interrupts it.
template <class Attempt, class Unheard>
int wait_for_lock(Hub& hub, LotWait& wait, const LockLimit& limit, Attempt attempt,
                  Unheard unheard) noexcept {
    LockPauses pauses;
    for (;;) {
        wait.enlist();
        if (const int result = attempt(); result != EBUSY) {
            wait.leave();
            return result;
        }
        if (limit.passed(hub)) {
            // Woken just now, it still has to try.
            const int result = wait.leave() ? EBUSY : attempt();
            return result == EBUSY ? ETIMEDOUT : result;
        }
        const Wake how =
            wait.park_until(limit.until(hub, unheard() ? pauses.next() : LockLimit::no_pause), true);
        const int result = attempt();
        wait.has_tried();
        if (result != EBUSY) {
            return result;
        }
        if (how == Wake::woken) {
            wait.insist();
        }
    }
}

}  // namespace weft::impl
