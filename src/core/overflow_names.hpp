// Tells the stack overflow report whose stack it is.
#pragma once

namespace weft::impl {

/// Once per process is enough; later calls do nothing.
void install_overflow_names() noexcept;

}  // namespace weft::impl
