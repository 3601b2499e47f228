// How the library reports: an operating-system error is thrown, a caller's bug stops the program.
#pragma once

#include <weft/base/error.hpp>

#include <atomic>
#include <string>
#include <string_view>

namespace weft::impl {

/// Throws std::system_error with the text "operation: message of err". The operation names its descriptor or
/// address.
[[noreturn]] void throw_errno(int err, std::string_view operation);
/// The same with " on descriptor fd" after the operation.
[[noreturn]] void throw_errno(int err, std::string_view operation, int fd);

/// Prints "weft: " and the message to standard error, calls fatal_dump_hook, aborts. For a caller's bug, and
/// for what must never be. Allocates nothing, since the heap may be what is broken.
[[noreturn]] void fatal(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Prints "weft: " and one line to standard error without allocating.
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Prints the fibers of the process; set by core. Called at most once.
using DumpHook = void (*)() noexcept;
extern constinit std::atomic<DumpHook> fatal_dump_hook;

/// Writes the whole text to standard error; async-signal-safe.
void write_stderr(std::string_view text) noexcept;

}  // namespace weft::impl
