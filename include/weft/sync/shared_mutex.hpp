// A lock that many may share, or one may have alone.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/clock.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <atomic>
#include <chrono>

namespace weft {

/// Meets SharedTimedLockable, so that std::unique_lock and std::shared_lock work with it. Fair: all are
/// served in the order of their arrival, those that follow one another to share it together. Who comes to
/// share it waits behind whoever waits to have it alone, so neither side starves. Not recursive, for neither.
///
/// Whoever has locked it may destroy it after the unlocking if no other call on it is under way, except one
/// that has handed it over.
class WEFT_API SharedMutex {
public:
    constexpr SharedMutex() noexcept = default;

    /// Locks it for the caller alone. A caller that has it alone already stops the program.
    ///
    /// Suspends:  while others hold it, and behind those that have come before.
    /// Cancel:    it is not locked.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void lock(Deadline deadline = never);
    /// Locks it if it is free. Never waits.
    [[nodiscard]] bool try_lock() noexcept;
    /// As lock(); false past the limit.
    ///
    /// Suspends:  while others hold it, and behind those that have come before.
    /// Cancel:    it is not locked.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> timeout) {
        return lock_by(timeout);
    }
    template <class Clock, class Length>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Length> time) {
        return lock_by(impl::deadline_at(time));
    }
    /// Hands it on. Never waits. A caller that does not have it alone stops the program.
    void unlock() noexcept;

    /// Locks it together with others.
    ///
    /// Suspends:  while somebody has it alone or waits to, having come before.
    /// Cancel:    it is not locked.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void lock_shared(Deadline deadline = never);
    /// Locks it if nobody has it alone or waits. Never waits.
    [[nodiscard]] bool try_lock_shared() noexcept;
    /// As lock_shared(); false past the limit.
    ///
    /// Suspends:  while somebody has it alone or waits to, having come before.
    /// Cancel:    it is not locked.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_shared_for(std::chrono::duration<Rep, Period> timeout) {
        return lock_shared_by(timeout);
    }
    template <class Clock, class Length>
    [[nodiscard]] bool try_lock_shared_until(std::chrono::time_point<Clock, Length> time) {
        return lock_shared_by(impl::deadline_at(time));
    }
    /// Gives the caller's share back. Never waits. Where nobody shares it, stops the program.
    void unlock_shared() noexcept;

    // For the library: a waiter gives up.
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept;

private:
    static constexpr std::uint32_t alone = impl::WaitQueue::state_unit;
    static constexpr std::uint32_t share = 2 * alone;

    /// False past the deadline.
    bool lock_by(Deadline deadline);
    bool lock_shared_by(Deadline deadline);
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept;
    WEFT_INTERNAL void serve(std::uint32_t state) noexcept;

    impl::WaitQueue queue_{0};
    std::atomic<const void*> owner_{nullptr};  ///< written by who has it alone
};

}  // namespace weft
