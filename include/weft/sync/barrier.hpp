// A place where a fixed number of fibers wait for one another, again and again.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft {

/// The last to arrive lets all of them go on, and the next round begins. An arrival that is cancelled has not
/// taken place: the others wait on for somebody else, nothing is "broken".
///
/// Who has returned from the last round may destroy it if no other call on it is under way, except the arrival
/// that has ended the round.
class WEFT_API Barrier {
public:
    /// For so many parties, at least one.
    explicit Barrier(std::uint32_t parties);

    /// Waits for the others.
    ///
    /// Returns:   true for the one of each round that has come last.
    /// Suspends:  until all parties have arrived.
    /// Cancel:    the caller has not arrived.
    /// Errors:    TimeoutError past `deadline`: the caller has not arrived.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    bool arrive_and_wait(Deadline deadline = never);

    /// One party fewer from this round on. Never waits. Any fiber or thread; the last that is left stays.
    void drop() noexcept;

    /// How many have arrived in this round.
    [[nodiscard]] std::uint32_t waiting() const noexcept {
        return queue_.word.load(std::memory_order_acquire) / impl::WaitQueue::state_unit;
    }

    // For the library: a waiter gives up.
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept;

private:
    impl::WaitQueue queue_{0};
    std::uint32_t parties_;  ///< guarded by the queue's claim
};

}  // namespace weft
