// Tests on virtual time: the clock stands still while anything runs, and jumps to the next deadline when all
// fibers wait.
#pragma once

#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

namespace weft::testing {

/// Gives the calling thread, which has no hub yet, a hub on virtual time for as long as it lives. A sleep of
/// an hour in a test then takes no time, and a timeout fires exactly when nothing else can happen any more.
///
/// The hubs of several threads share one virtual clock: it jumps when all of them are idle, nothing has been
/// posted to any, no descriptor that they wait for is ready and no job is at work in a pool of threads. Threads
/// that are no hubs do not stop it: see Hold. The clock starts where std::chrono::steady_clock stands, and
/// weft::now() shows it.
///
/// The destructor cancels and joins the fibers that are left, and ends the hub.
class WEFT_API VirtualTime {
public:
    /// Errors:  std::system_error if no hub can be made.
    VirtualTime();
    VirtualTime(const VirtualTime&) = delete;
    VirtualTime& operator=(const VirtualTime&) = delete;
    ~VirtualTime();

    [[nodiscard]] TimePoint now() const noexcept;

    /// Moves the clock on at once. Those whose time has come by that run when the caller waits next.
    void advance(Duration by);

    /// Whoever waits to read from (or to write to) `fd` on this thread's hub goes on and tries again, once;
    /// if nobody does now, then the next one who does. The number need not be a descriptor.
    void make_readable(int fd);
    void make_writable(int fd);

    /// While one lives, in any thread, the clock does not jump, and moves by advance() only: for the time in
    /// which a thread that weft does not know is going to wake somebody.
    class WEFT_API Hold {
    public:
        Hold() noexcept;
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold();
    };
};

/// Waits until all other fibers of this hub wait and no event is left that would wake one of them now. Time
/// does not move meanwhile. It is what a test uses in place of a sleep "to be sure that they have got there".
///
/// Suspends:  until then; not at all on a thread without a hub.
/// Cancel:    nothing has happened.
/// Threads:   any fiber, on virtual and on real time.
/// Since:     0.1
WEFT_API void wait_all_parked();

}  // namespace weft::testing
