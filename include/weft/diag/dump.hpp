// Every fiber of the process, with the backtrace of what it does.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>

namespace weft::diag {

/// How dump() shows the fibers.
struct DumpOptions {
    /// At most so many frames of each fiber, 64 at most; 0: no backtraces.
    std::size_t frames = 32;
    /// Fibers with equal backtraces are shown together, with their number; otherwise each by itself.
    bool group = true;
    /// Under whom has made each fiber instead, indented, and without backtraces.
    bool tree = false;
    /// Where each was spawned.
    bool spawn_sites = false;
};

/// Writes all fibers of all hubs to `out`: id, name, state, what each waits for and since when, with backtraces; and after them
/// the circles of fibers that wait for each other. The first frames, inside the library, are left out.
///
/// Another thread's hub takes down its own fibers when it comes by. One that is blocked is interrupted after a tenth of a
/// second, by SIGURG: the backtrace of its running fiber shows what blocks it. A hub is stopped while its fibers are taken
/// down, which takes some microseconds for each. Functions have names where the program's or library's file has a symbol
/// table; `addr2line -Cfe FILE 0xOFFSET` turns the rest, and each into a line of source.
///
/// It waits for other threads, not for fibers, and can be called where a fiber may not wait.
///
/// Errors:    std::system_error, where there is no memory for it.
/// Threads:   any fiber or thread; not a signal handler (see dump_on_signal).
/// Since:     0.1
WEFT_API void dump(std::ostream& out, const DumpOptions& options = {});

/// As above, to standard error.
WEFT_API void dump(const DumpOptions& options = {});

/// The same as text.
[[nodiscard]] WEFT_API std::string dump_text(const DumpOptions& options = {});

/// From now on the signal makes a thread of the library write a dump to standard error. The environment variable
/// WEFT_DUMP_SIGNAL (`USR1`, `SIGUSR1` or a number) does the same from the first hub on. In the child of a fork it has to be
/// called again.
///
/// Errors:    std::invalid_argument for a number that is no signal, a fault's (SIGSEGV), SIGURG, or one that cannot be caught;
///            std::system_error.
/// Threads:   any fiber or thread.
/// Since:     0.1
WEFT_API void dump_on_signal(int signal, const DumpOptions& options = {});

}  // namespace weft::diag
