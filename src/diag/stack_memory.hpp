// How much memory stacks take.
#pragma once

#include "context/slab.hpp"

#include <cstddef>

namespace weft::impl {

/// Of all stacks of a slab together, without their guards; 0 where the kernel does not say.
std::size_t resident_bytes(const Slab& slab) noexcept;

/// From the top of a stack down to the lowest page that is in memory: at most so much has ever been used since its memory was
/// last given back.
std::size_t touched_bytes(const std::byte* limit, std::size_t size) noexcept;

}  // namespace weft::impl
