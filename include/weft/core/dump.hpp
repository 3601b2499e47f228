// The list of fibers, for people.
#pragma once

#include <weft/base/export.hpp>

#include <string>

namespace weft {

/// One line for each fiber of the calling thread's hub: id, name, state, and what it waits for.
/// Empty on a thread without a hub.
[[nodiscard]] WEFT_API std::string dump_fibers();

}  // namespace weft
