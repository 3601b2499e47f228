// Limits that the system sets to a process.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>

namespace weft::os {

/// Raises the soft limit of open descriptors to the hard one and returns what holds then. A program with many
/// connections calls it first. Never fails: where the kernel refuses, the old limit stays.
WEFT_API std::size_t raise_descriptor_limit() noexcept;

}  // namespace weft::os
