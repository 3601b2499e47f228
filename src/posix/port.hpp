// What the shim needs of the library besides weft::posix.
#pragma once

#include "posix/libc.hpp"

#include <weft/base/export.hpp>

namespace weft::impl {

/// The fiber that runs on this thread, as a name; null without a hub.
[[nodiscard]] WEFT_API const void* running_fiber() noexcept;
/// The library's tables of libc's functions, where the shim enters the originals.
[[nodiscard]] WEFT_API Sys& system_functions() noexcept;
[[nodiscard]] WEFT_API Libc& libc_functions() noexcept;

}  // namespace weft::impl
