// libc's calls that make processes and wait for them, under their own names, cooperative. weft/posix/posix.hpp says what all of
// them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <sys/types.h>

namespace weft::posix {

/// libc's fork(): in the child the calling fiber goes on alone. From then on others may hold what was open.
WEFT_API pid_t fork() noexcept;
/// For who makes a process in another way (vfork, _Fork, clone): from now on others may hold what is open.
WEFT_API void will_fork() noexcept;

}  // namespace weft::posix
