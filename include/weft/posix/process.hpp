// libc's calls that make processes and wait for them, under their own names, cooperative. weft/posix/posix.hpp says what all of
// them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <pty.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

namespace weft::posix {

/// libc's fork(): in the child the calling fiber goes on alone. From then on others may hold what was open.
WEFT_API pid_t fork() noexcept;
/// For who makes a process in another way (vfork, _Fork, clone): from now on others may hold what is open.
WEFT_API void will_fork() noexcept;

/// Wait for children as libc's do, and see those that are made meanwhile. A status goes to one waiter; the others then have
/// ECHILD, or the next child. A debugger, for whom stops of one child are to count without WUNTRACED, says __WALL.
WEFT_API pid_t wait(int* status) noexcept;
WEFT_API pid_t waitpid(pid_t child, int* status, int options) noexcept;
WEFT_API pid_t wait3(int* status, int options, rusage* usage) noexcept;
WEFT_API pid_t wait4(pid_t child, int* status, int options, rusage* usage) noexcept;
WEFT_API int waitid(idtype_t what, id_t id, siginfo_t* info, int options) noexcept;

/// libc's, in a thread of blocking_pool(). If it is interrupted a command that has begun goes on, and its end is taken note of.
WEFT_API int system(const char* command);
WEFT_API FILE* popen(const char* command, const char* mode) noexcept;
/// libc's, in a thread of blocking_pool(). If it is interrupted the stream is closed all the same, and the command's end is
/// taken note of.
WEFT_API int pclose(FILE* stream);
/// libc's: neither waits longer than for the start of the program. From then on others may hold what was open.
WEFT_API int posix_spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
                         const posix_spawnattr_t* attributes, char* const* arguments,
                         char* const* environment) noexcept;
WEFT_API int posix_spawnp(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
                          const posix_spawnattr_t* attributes, char* const* arguments,
                          char* const* environment) noexcept;

/// In the child the calling fiber goes on alone.
WEFT_API int daemon(int keep_directory, int keep_output) noexcept;
WEFT_API int forkpty(int* terminal, char* name, const termios* settings, const winsize* size) noexcept;
/// Wakes whoever waits for `fd`, standard input, output or errors, with EBADF.
WEFT_API int login_tty(int fd) noexcept;

}  // namespace weft::posix
