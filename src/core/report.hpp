// What is printed when nobody looks: errors of fibers that nobody collects, and the end of the program in a
// fiber.
#pragma once

#include "core/fiber_block.hpp"

namespace weft::impl {

void report_uncollected(const FiberBlock& fiber) noexcept;

/// std::terminate in a fiber names it; chains to the handler that was there. Once per process.
void install_terminate_report() noexcept;

}  // namespace weft::impl
