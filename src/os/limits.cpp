// Limits that the system sets to a process.
#include <weft/os/limits.hpp>

#include "base/limits.hpp"

namespace weft::os {

std::size_t raise_descriptor_limit() noexcept { return impl::raise_descriptor_limit(); }

}  // namespace weft::os
