// Stacks filled with a pattern before they are used: what is changed later has been used.
#pragma once

#include "context/stack.hpp"

#include <cstddef>

namespace weft::impl {

/// Fills the stack from its limit up to `sp`.
void fill_stack(const StackSlot& slot, void* sp) noexcept;

/// How many bytes from the top have ever been used, to eight bytes; 0 for a stack that has not been filled.
std::size_t filled_depth(const StackSlot& slot) noexcept;

}  // namespace weft::impl
