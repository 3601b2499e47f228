// libc's calls that let time pass, under their own names, cooperative. weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <time.h>
#include <unistd.h>

namespace weft::posix {

/// Interrupted: the seconds that are left, and errno.
WEFT_API unsigned sleep(unsigned seconds) noexcept;
WEFT_API int usleep(useconds_t microseconds) noexcept;
/// Interrupted: what is left in `left`, if that is not null.
WEFT_API int nanosleep(const timespec* length, timespec* left) noexcept;
/// Returns an errno value, as libc's.
WEFT_API int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) noexcept;
/// Lets other fibers run, and other threads if there are none.
WEFT_API int sched_yield() noexcept;
/// C11's: -1 if a signal would have interrupted it, -2 at a bad time.
WEFT_API int thrd_sleep(const timespec* length, timespec* left) noexcept;
WEFT_API void thrd_yield() noexcept;

}  // namespace weft::posix
