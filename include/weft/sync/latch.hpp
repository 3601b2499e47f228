// A gate that opens once, when a number of things have happened.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/waitable.hpp>
#include <weft/sync/countdown.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft {

/// As std::latch. Who has returned from a wait may destroy it if no other wait in it is under way, even while
/// the count_down() that has opened it is still on its way out.
class WEFT_API Latch {
public:
    /// Opens after `count` has been counted down; at once if that is 0.
    explicit Latch(std::uint32_t count);

    /// Waits until the latch is open.
    ///
    /// Suspends:  until it is open.
    /// Cancel:    the latch is not affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait(Deadline deadline = never) { count_.wait(deadline, "wait for a latch"); }

    [[nodiscard]] bool try_wait() const noexcept { return count_.count() == 0; }

    /// Never waits. Any fiber or thread; more than is left stops the program.
    void count_down(std::uint32_t by = 1) noexcept { count_.subtract(by, "Latch"); }

    /// Counts down and waits.
    ///
    /// Suspends:  until it is open.
    /// Cancel:    what was counted down is taken back.
    /// Errors:    TimeoutError past `deadline`: also then it is taken back.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void arrive_and_wait(std::uint32_t by = 1, Deadline deadline = never);

    /// For wait_any() and its companions.
    Waitable waitable() noexcept;

    // For the library: the latch as one of several things that a fiber waits for.
    WEFT_INTERNAL bool ready() const noexcept { return try_wait(); }
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept { return count_.enlist(node); }
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept { return count_.delist(node); }

private:
    impl::Countdown count_;
};

}  // namespace weft
