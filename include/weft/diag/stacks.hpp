// How much of their stacks fibers use.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::diag {

/// The stacks of all fibers that were spawned at one place.
struct StackUse {
    std::string spawned_at;       ///< function, file and offset
    std::string name;             ///< of one of the fibers
    std::uint64_t fibers = 0;     ///< alive now and, where stacks are filled, ended
    std::size_t stack_size = 0;   ///< the smallest of them, in bytes
    std::size_t deepest = 0;      ///< of that, the most that one of them has used
    std::size_t recommended = 0;  ///< a SpawnOptions::stack_size that leaves half of it unused
};

/// From now on each fiber's stack is filled with a pattern before it begins, so that stack_use() is exact to eight bytes and
/// knows the fibers that have ended, too. It costs a few microseconds for each fiber and all the memory of each stack: for
/// tests. The environment variable WEFT_STACK_FILL=1 does the same from the first hub on.
///
/// Threads:   any fiber or thread.
/// Since:     0.1
WEFT_API void fill_stacks();

/// What fibers have used of their stacks, the deepest first. Without fill_stacks() it is what of the stacks of the fibers alive
/// is in memory: whole pages, and those that an earlier fiber has used on the same stack are among them. It asks other hubs as
/// dump() does.
///
/// Errors:    std::system_error, where there is no memory for it.
/// Threads:   any fiber or thread.
/// Since:     0.1
[[nodiscard]] WEFT_API std::vector<StackUse> stack_use();

/// The same as a table.
[[nodiscard]] WEFT_API std::string stack_report();

}  // namespace weft::diag
