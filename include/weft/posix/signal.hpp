// libc's waits for signals under their own names, cooperative. weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <signal.h>
#include <time.h>

namespace weft::posix {

/// The signals have to be blocked in the thread, as POSIX has it: one that is open runs its handler, and is not seen here.
/// Returns an errno value, as libc's.
WEFT_API int sigwait(const sigset_t* set, int* signal) noexcept;
WEFT_API int sigwaitinfo(const sigset_t* set, siginfo_t* info) noexcept;
WEFT_API int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* limit) noexcept;

/// Until a handler has run on this thread, which is known of handlers that were installed under the shim. Signals that `mask`
/// holds back and that are open now are held back from nobody meanwhile: other fibers run.
WEFT_API int sigsuspend(const sigset_t* mask) noexcept;
WEFT_API int pause() noexcept;

}  // namespace weft::posix
