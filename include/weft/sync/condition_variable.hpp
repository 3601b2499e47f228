// Waiting, with a mutex released, until something may have changed.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/mutex.hpp>

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <mutex>

namespace weft {

/// As std::condition_variable, for weft::Mutex. Waits have no spurious ends.
///
/// Each wait releases the mutex, waits, and has locked it again when it returns or throws, whatever it throws
/// (but for Deadlock out of the locking itself: then the lock is empty). Locking again is not interrupted and
/// has no limit. A waiter that a notification reaches has not been cancelled, so no notification is lost.
///
/// A fiber or thread whose wait has returned may destroy it if no other call on it is under way, except the
/// notification that has ended the wait.
class WEFT_API ConditionVariable {
public:
    constexpr ConditionVariable() noexcept = default;

    /// Waits for a notification.
    ///
    /// Suspends:  until notified; then until the mutex is free.
    /// Cancel:    no notification is taken; the mutex is locked again.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread that holds `lock`.
    /// Since:     0.1
    void wait(std::unique_lock<Mutex>& lock, Deadline deadline = never);

    /// Waits until `ready()`, which is called with the mutex locked.
    ///
    /// Suspends:  while `ready()` is false.
    /// Cancel:    no notification is taken; the mutex is locked again.
    /// Errors:    TimeoutError past `deadline` if `ready()` is false then; what `ready` throws.
    /// Threads:   any fiber or thread that holds `lock`.
    /// Since:     0.1
    template <std::predicate Predicate>
    void wait(std::unique_lock<Mutex>& lock, Predicate ready, Deadline deadline = never) {
        if (!wait_by(lock, deadline, ready)) {
            fail();
        }
    }

    /// As wait(), but says by its result that the limit was reached; with a predicate: what `ready()` says
    /// then.
    ///
    /// Suspends:  until notified; then until the mutex is free.
    /// Cancel:    no notification is taken; the mutex is locked again.
    /// Threads:   any fiber or thread that holds `lock`.
    /// Since:     0.1
    template <class Rep, class Period>
    std::cv_status wait_for(std::unique_lock<Mutex>& lock, std::chrono::duration<Rep, Period> timeout) {
        return status_of(lock, timeout);
    }
    template <class Rep, class Period, std::predicate Predicate>
    bool wait_for(std::unique_lock<Mutex>& lock, std::chrono::duration<Rep, Period> timeout,
                  Predicate ready) {
        return wait_by(lock, timeout, ready);
    }
    template <class Clock, class Length>
    std::cv_status wait_until(std::unique_lock<Mutex>& lock, std::chrono::time_point<Clock, Length> time) {
        return status_of(lock, impl::deadline_at(time));
    }
    template <class Clock, class Length, std::predicate Predicate>
    bool wait_until(std::unique_lock<Mutex>& lock, std::chrono::time_point<Clock, Length> time,
                    Predicate ready) {
        return wait_by(lock, impl::deadline_at(time), ready);
    }

    /// Ends the wait that has lasted longest, if there is one. Never waits. Any fiber or thread, with the
    /// mutex or without.
    void notify_one() noexcept;

    /// Ends all waits that have begun.
    void notify_all() noexcept;

private:
    /// False past the deadline, which becomes a time point by the first wait.
    bool wait_once(std::unique_lock<Mutex>& lock, Deadline& deadline);
    [[noreturn]] static void fail();

    std::cv_status status_of(std::unique_lock<Mutex>& lock, Deadline deadline) {
        return wait_once(lock, deadline) ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    template <class Predicate>
    bool wait_by(std::unique_lock<Mutex>& lock, Deadline deadline, Predicate& ready) {
        while (!ready()) {
            if (!wait_once(lock, deadline)) {
                return ready();
            }
        }
        return true;
    }

    impl::WaitQueue queue_{0};
};

}  // namespace weft
