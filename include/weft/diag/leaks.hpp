// Fibers that somebody has forgotten.
#pragma once

#include <weft/base/export.hpp>

namespace weft::diag {

/// From now on, where a hub ends (at the return of weft::run's function, of a thread's, of main), those of its fibers that are
/// left are written to standard error, with their backtraces and where they were spawned, before they are cancelled. Detached
/// fibers that nobody will ever wake are found by it. The environment variable WEFT_LEAK_REPORT=1 does the same from the first
/// hub on.
///
/// Threads:   any fiber or thread.
/// Since:     0.1
WEFT_API void report_leaks();

}  // namespace weft::diag
