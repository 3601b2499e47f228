// The waist: the only way for a fiber or a plain thread to wait, and to be woken.
#pragma once

#include "core/wait.hpp"

#include <weft/time/deadline.hpp>

namespace weft::impl {

/// Waits until `record` is woken, `deadline` passes or the fiber is interrupted. The caller has queued the
/// record already. A relative deadline is fixed at the clock here, in place. On a thread without a hub, the
/// thread waits.
[[nodiscard]] Wake park(WaitRecord& record, Deadline& deadline);

/// As park(), but lets nothing interrupt it: for clean-up that has to finish.
[[nodiscard]] Wake park_shielded(WaitRecord& record, Deadline& deadline);

/// Throws what park_or_throw() throws.
[[noreturn]] void throw_unwoken(Wake how, const char* operation);

/// As park(); throws TimeoutError(operation), Cancelled or what the fiber was killed with instead of
/// returning.
inline void park_or_throw(WaitRecord& record, Deadline& deadline, const char* operation) {
    if (const Wake how = park(record, deadline); how != Wake::woken) [[unlikely]] {
        throw_unwoken(how, operation);
    }
}

/// Makes the owner of a record that the caller has won run again. Exactly once per win; any thread.
void wake(WaitRecord& record) noexcept;
/// The same from a signal handler, which may have interrupted the hub at anything. Only for records of fibers.
void wake_from_signal(WaitRecord& record) noexcept;

/// Whether a wait that started now would be interrupted; then throw_interrupt() says how. Only in a fiber.
[[nodiscard]] bool interrupted() noexcept;

/// After Wake::interrupted, for callers that cannot be thrown through: ETIMEDOUT if a scope's deadline has passed, else
/// ECANCELED. Takes nothing: the next wait is interrupted too, until somebody throws it.
[[nodiscard]] int interruption_error() noexcept;

/// After Wake::interrupted: throws Cancelled, the kill exception or Deadlock.
[[noreturn]] void throw_interrupt();

}  // namespace weft::impl
