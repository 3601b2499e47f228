// A flag that fibers and threads wait for.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/waitable.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

namespace weft {

/// Set or not set. Setting it wakes all that wait, and whoever waited before a set() returns from its wait
/// even if the event is reset at once. What was written before set() is seen by those it lets go on.
///
/// A fiber or thread whose wait has returned may destroy the event if no other wait in it is under way, even
/// while the set() that has woken it is still on its way out.
class WEFT_API Event {
public:
    constexpr Event() noexcept = default;

    /// Waits until the event is set; goes on at once if it is.
    ///
    /// Suspends:  while the event is not set.
    /// Cancel:    the event is not affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait(Deadline deadline = never);

    /// Sets the event and wakes all that wait, in the order of their arrival. Never waits. Any fiber or
    /// thread.
    void set() noexcept;

    /// Makes later waits wait. Any fiber or thread.
    void reset() noexcept;

    [[nodiscard]] bool is_set() const noexcept {
        // acquire: pairs with set().
        return (queue_.word.load(std::memory_order_acquire) & flag) != 0;
    }

    /// For wait_any() and its companions.
    Waitable waitable() noexcept;

    // For the library: the event as one of several things that a fiber waits for.
    WEFT_INTERNAL bool ready() const noexcept { return is_set(); }
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept;
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept;

private:
    static constexpr std::uint32_t flag = impl::WaitQueue::state_unit;

    impl::WaitQueue queue_{0};
};

}  // namespace weft
