// What is printed when nobody looks: errors of fibers that nobody collects, and the end of the program in a
// fiber.
#pragma once

#include "core/fiber_block.hpp"

namespace weft::impl {

/// "fiber 7 "name" `event`: type: text of the error".
void report_error(std::uint64_t id, const char* name, const char* event,
                  const std::exception_ptr& error) noexcept;

/// As above, for what is no fiber.
void report_error(const char* subject, const char* event, const std::exception_ptr& error) noexcept;

void report_uncollected(const FiberBlock& fiber) noexcept;

/// std::terminate in a fiber names it; chains to the handler that was there. Once per process.
void install_terminate_report() noexcept;

}  // namespace weft::impl
