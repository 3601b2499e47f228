// Waiting until all of a changing number of jobs are done.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/waitable.hpp>
#include <weft/sync/countdown.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft {

/// As Go's sync.WaitGroup: jobs are added before they start and are done when they end; who waits goes on when
/// none is left. May be used again. For fibers a TaskGroup does more: it starts them, and sees how they end.
///
/// Who has returned from wait() may destroy it if no other call on it is under way, except the done() that has
/// ended the wait.
class WEFT_API WaitGroup {
public:
    constexpr explicit WaitGroup(std::uint32_t jobs = 0) noexcept : count_(jobs) {}

    /// Never waits. Any fiber or thread.
    void add(std::uint32_t jobs = 1) noexcept { count_.add(jobs, "WaitGroup"); }

    /// Never waits. Any fiber or thread; more than were added stops the program.
    void done(std::uint32_t jobs = 1) noexcept { count_.subtract(jobs, "WaitGroup"); }

    /// Waits until no job is left.
    ///
    /// Suspends:  while there are jobs.
    /// Cancel:    no job is affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait(Deadline deadline = never) { count_.wait(deadline, "wait for a wait group"); }

    /// The jobs that are left.
    [[nodiscard]] std::uint32_t count() const noexcept { return count_.count(); }

    /// For wait_any() and its companions.
    Waitable waitable() noexcept;

    // For the library: the group as one of several things that a fiber waits for.
    WEFT_INTERNAL bool ready() const noexcept { return count() == 0; }
    WEFT_INTERNAL bool enlist(impl::WaitNode& node) noexcept { return count_.enlist(node); }
    WEFT_INTERNAL bool delist(impl::WaitNode& node) noexcept { return count_.delist(node); }

private:
    impl::Countdown count_;
};

}  // namespace weft
