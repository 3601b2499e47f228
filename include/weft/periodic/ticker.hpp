// Something to be done every so often.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace weft {

/// What becomes of the ticks that nobody was there for.
enum class Missed {
    skip,     ///< of those that are due at once only the last counts
    catch_up  ///< each of them comes, one straight after the other
};

/// One tick.
struct Tick {
    TimePoint due;              ///< when it was meant to be: a whole number of periods after the start
    std::uint64_t skipped = 0;  ///< how many have been left out since the one before
};

/// Ticks at fixed times, one period after the other from when it was made: what is done in between, and how late it
/// was, does not shift them. One fiber or thread at a time takes ticks from it, so they never overlap.
class WEFT_API Ticker {
public:
    /// Errors:    std::invalid_argument unless the period is positive.
    explicit Ticker(Duration period, Missed missed = Missed::skip);

    /// Waits for the next tick.
    ///
    /// Suspends:  until it is due; a yield() if it is already.
    /// Cancel:    the tick is still to come.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread, one at a time.
    /// Since:     0.1
    Tick next(Deadline deadline = never);

    /// Starts again: the next tick comes one period from now.
    void reset() noexcept;

private:
    Duration period_;
    Missed missed_;
    TimePoint due_;
};

/// Has a fiber call fn(), or fn(tick), every `period`, for the first time after one period. No call begins before the
/// one before has returned. The fiber ends when it is cancelled or its handle ends, or with an exception of fn.
///
/// Errors:    std::invalid_argument unless the period is positive; as spawn().
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class F>
Fiber<> interval(Duration period, F fn, Missed missed = Missed::skip) {
    return spawn(SpawnOptions{.name = "interval"},
                 [ticker = Ticker(period, missed), call = std::move(fn)]() mutable {
                     for (;;) {
                         const Tick tick = ticker.next();
                         if constexpr (std::is_invocable_v<F&, const Tick&>) {
                             std::invoke(call, tick);
                         } else {
                             std::invoke(call);
                         }
                     }
                 });
}

}  // namespace weft
