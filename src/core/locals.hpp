// Fiber-local values: where they are kept and when they end.
#pragma once

#include "core/fiber_block.hpp"

namespace weft::impl {

/// Destroys the fiber's local values, youngest first. They may wait.
void end_locals(FiberBlock& fiber) noexcept;

}  // namespace weft::impl
