// Programs that are started from here: with WEFT_SHIM_CHILDREN=0 they run without the shim.
#pragma once

#include <cstddef>
#include <string_view>

namespace weft::impl {

/// At the start: what WEFT_SHIM_CHILDREN says (null if it is not set), and the process's own environment without the shim if they
/// are to run without it. Throws std::invalid_argument.
void set_up_children(const char* value);

/// LD_PRELOAD's list of libraries without the shim, written to `to`, which has room for the whole list. Its length.
std::size_t without_shim(std::string_view list, char* to) noexcept;

}  // namespace weft::impl
