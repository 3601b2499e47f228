// Mutual exclusion between fibers and threads.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/clock.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <atomic>
#include <chrono>

namespace weft {

class ConditionVariable;
class RecursiveMutex;

/// Meets TimedLockable, so that std::scoped_lock, std::lock_guard and std::unique_lock work with it. Fair:
/// unlock() hands the mutex to whoever has waited longest, and nobody sees it free in between. Not recursive.
///
/// It may be held across waits, and is held by a fiber (or plain thread), not by the thread of its hub.
///
/// Whoever has locked it may destroy it after the unlocking if no other call on it is under way, except an
/// unlock() that has handed it over.
class WEFT_API Mutex {
public:
    constexpr Mutex() noexcept = default;

    /// Locks the mutex. A caller that holds it already stops the program.
    ///
    /// Suspends:  while another fiber or thread holds it.
    /// Cancel:    the mutex is not locked.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void lock(Deadline deadline = never);

    /// Locks it if it is free. Never waits.
    [[nodiscard]] bool try_lock() noexcept;

    /// As lock(); false past the limit.
    ///
    /// Suspends:  while another fiber or thread holds it.
    /// Cancel:    the mutex is not locked.
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

    /// Hands it on. Never waits. A caller that does not hold it stops the program.
    void unlock() noexcept;

private:
    friend class ConditionVariable;
    friend class RecursiveMutex;
    static constexpr std::uint32_t locked = impl::WaitQueue::state_unit;

    WEFT_INTERNAL bool lock_word() noexcept;
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept;
    WEFT_INTERNAL bool held_by_caller() const noexcept;
    WEFT_INTERNAL void check_not_mine(const void* self) const noexcept;
    bool lock_by(Deadline deadline);
    /// Whatever is to interrupt the caller waits until it has the mutex; false after an error of its hub.
    WEFT_INTERNAL bool lock_uninterrupted();

    impl::WaitQueue queue_{0};
    std::atomic<const void*> owner_{nullptr};  ///< written by who holds the mutex
};

}  // namespace weft
