// A mutex that its holder may lock again.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/mutex.hpp>

#include <chrono>
#include <cstdint>

namespace weft {

/// As Mutex, for whoever holds it already too: it is free again after as many calls of unlock(). Meets
/// TimedLockable.
class WEFT_API RecursiveMutex {
public:
    constexpr RecursiveMutex() noexcept = default;

    /// Locks the mutex, once more if the caller holds it.
    ///
    /// Suspends:  while another fiber or thread holds it.
    /// Cancel:    the mutex is not locked.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void lock(Deadline deadline = never);

    /// Locks it if it is free or the caller's. Never waits.
    [[nodiscard]] bool try_lock() noexcept;

    /// As lock(); false past the limit.
    ///
    /// Suspends:  while another fiber or thread holds it.
    /// Cancel:    the mutex is not locked.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> timeout) {
        return again() || first(mutex_.try_lock_for(timeout));
    }
    template <class Clock, class Length>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Length> time) {
        return again() || first(mutex_.try_lock_until(time));
    }

    /// Undoes one lock(). Never waits. A caller that does not hold it stops the program.
    void unlock() noexcept;

private:
    /// Whether the caller holds it already: then one level more.
    bool again() noexcept;
    bool first(bool locked) noexcept {
        depth_ = locked ? 1 : depth_;
        return locked;
    }

    Mutex mutex_;
    std::uint32_t depth_ = 0;  ///< the holder's
};

}  // namespace weft
