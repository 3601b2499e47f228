// What the shim needs of the library besides weft::posix.
#pragma once

#include "posix/libc.hpp"

#include <weft/base/export.hpp>

#include <semaphore.h>
#include <spawn.h>

namespace weft::impl {

/// The fiber that runs on this thread, as a name; null without a hub.
[[nodiscard]] WEFT_API const void* running_fiber() noexcept;
/// The library's tables of libc's functions, where the shim enters the originals.
[[nodiscard]] WEFT_API Sys& system_functions() noexcept;
[[nodiscard]] WEFT_API Libc& libc_functions() noexcept;

/// sem_post() in a signal handler. Changes errno only if it fails.
WEFT_API int sem_post_from_signal(sem_t* semaphore) noexcept;

/// As posix_spawn(), but gives a pidfd: pidfd_spawn() and pidfd_spawnp(), which libc has since 2.39.
using SpawnPidfd = int(int* pidfd, const char* program, const posix_spawn_file_actions_t* actions,
                       const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment);
/// Calls libc's; ENOSYS if it has none (null).
WEFT_API int spawn_pidfd(SpawnPidfd* original, int* pidfd, const char* program,
                         const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes,
                         char* const* arguments, char* const* environment) noexcept;

}  // namespace weft::impl
