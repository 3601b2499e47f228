// The initialisation of static objects inside functions, as compilers call for it: the C++ library's functions, cooperative.
#pragma once

#include <weft/base/export.hpp>

namespace weft::impl {

/// True: the caller has to initialise the object, and then to release (or abort). False: it is done.
[[nodiscard]] WEFT_API bool guard_acquire(void* guard) noexcept;
/// Any thread. They also wake who waits in the C++ library.
WEFT_API void guard_release(void* guard) noexcept;
WEFT_API void guard_abort(void* guard) noexcept;

}  // namespace weft::impl
