// The gate of all wrapped calls.
#include "shim/gate.hpp"

#include "posix/port.hpp"

namespace weft::impl {

constinit std::atomic<std::uint32_t> enabled_groups{0};
constinit thread_local Bypass bypass{};

bool still_bypassed() noexcept {
    if (bypass.frame == vfork_child) {
        return true;
    }
    // Deeper on the same stack, in the same fiber: it has not been left.
    if (static_cast<const char*>(__builtin_frame_address(0)) < bypass.frame &&
        running_fiber() == bypass.fiber) {
        return true;
    }
    bypass.frame = nullptr;
    return false;
}

}  // namespace weft::impl
