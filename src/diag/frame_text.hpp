// Backtraces as text.
#pragma once

#include "diag/symbols.hpp"

#include <span>
#include <string>

namespace weft::impl {

/// A line for each frame. It begins with the outermost of the library's own functions that were called last: how weft waits
/// inside is of no interest, which of its functions waits is. What makes a fiber start is left out, too.
void append_frames(std::string& text, Symbols& symbols, std::span<const void* const> frames,
                   const char* indent);

}  // namespace weft::impl
