// What the shim needs of the library.
#include "posix/port.hpp"

#include "posix/call.hpp"

namespace weft::impl {

const void* running_fiber() noexcept {
    const Hub* hub = Hub::current();
    return hub != nullptr ? &hub->running() : nullptr;
}

Sys& system_functions() noexcept { return sys; }

Libc& libc_functions() noexcept { return libc; }

}  // namespace weft::impl
