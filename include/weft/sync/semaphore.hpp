// A number of units that fibers and threads take and give back.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/waitable.hpp>
#include <weft/sync/clock.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <chrono>
#include <cstdint>

namespace weft {

/// Units are handed to those that wait, in the order of their arrival: nobody who comes later gets ahead of
/// them.
///
/// A fiber or thread whose acquire() has returned may destroy the semaphore if no other call on it is under
/// way except the release() that has served it.
class WEFT_API Semaphore {
public:
    /// The largest number of units.
    static constexpr std::uint32_t largest = UINT32_MAX / impl::WaitQueue::state_unit;

    /// `units` are there at the beginning, and never more than `bound`.
    explicit Semaphore(std::uint32_t units, std::uint32_t bound = largest);

    /// Takes one unit.
    ///
    /// Suspends:  while there is none.
    /// Cancel:    no unit is taken.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void acquire(Deadline deadline = never);

    /// Takes one unit if there is one. Never waits.
    [[nodiscard]] bool try_acquire() noexcept;

    /// As acquire(); false past the limit.
    ///
    /// Suspends:  while there is none.
    /// Cancel:    no unit is taken.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class Rep, class Period>
    [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> timeout) {
        return acquire_by(timeout);
    }
    template <class Clock, class Length>
    [[nodiscard]] bool try_acquire_until(std::chrono::time_point<Clock, Length> time) {
        return acquire_by(impl::deadline_at(time));
    }

    /// Gives `units` back, or new ones. Never waits. Any fiber or thread; more than the bound stops the
    /// program.
    void release(std::uint32_t units = 1) noexcept;

    /// The units that are there now.
    [[nodiscard]] std::uint32_t available() const noexcept {
        // acquire: pairs with release().
        return queue_.word.load(std::memory_order_acquire) / unit;
    }

    /// For wait_any() and its companions.
    Waitable waitable() noexcept;

    // For the library: the semaphore as one of several things that a fiber waits for.
    WEFT_INTERNAL bool ready() const noexcept { return available() != 0; }
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept;
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept;

private:
    static constexpr std::uint32_t unit = impl::WaitQueue::state_unit;

    bool acquire_by(Deadline deadline);
    WEFT_INTERNAL bool enlist_or_take(impl::WaitNode& node) noexcept;
    WEFT_INTERNAL void release_several(std::uint32_t units, std::uint32_t before) noexcept;

    impl::WaitQueue queue_;
    std::uint32_t bound_;
};

/// A semaphore whose units are all there at the beginning: more cannot be given back than have been taken.
class BoundedSemaphore : public Semaphore {
public:
    explicit BoundedSemaphore(std::uint32_t units) : Semaphore(units, units) {}
};

}  // namespace weft
