// Tests that need a certain order among fibers or threads.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft::testing {

/// Lets several fibers or threads take turns 0, 1, 2, … whoever has which:
///
///     { auto turn = sequencer.turn(1); second(); }   // in one fiber
///     { auto turn = sequencer.turn(0); first(); }    // in another one
///
/// A turn lasts until its object ends, however it does. Each number is taken once.
class WEFT_API Sequencer {
public:
    class WEFT_API Turn {
    public:
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

    private:
        friend class Sequencer;
        explicit Turn(Sequencer& of) noexcept : of_(of) {}
        Sequencer& of_;
    };

    /// Waits until all turns before `number` have ended.
    ///
    /// Suspends:  until then.
    /// Cancel:    the turn has not been taken.
    /// Errors:    TimeoutError past `deadline`; std::logic_error where the turn is over or has been taken already.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] Turn turn(std::uint64_t number, Deadline deadline = never);

private:
    Mutex mutex_;
    ConditionVariable changed_;
    std::uint64_t next_ = 0;  ///< the turn whose time has come
    bool taken_ = false;      ///< and whether somebody is at it
};

}  // namespace weft::testing
