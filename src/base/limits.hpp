// Resource limits of the process.
#pragma once

#include <cstddef>

namespace weft::impl {

/// Raises the soft limit of open descriptors to the hard one and returns what holds afterwards. Never fails:
/// where the kernel refuses, the old limit stays.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace weft::impl
