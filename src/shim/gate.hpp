// Which calls are made cooperative: those of an enabled group, outside of signal handlers and of the child of a vfork().
#pragma once

#include "posix/call.hpp"

#include <weft/shim/shim.hpp>

#include <atomic>
#include <cstdint>

namespace weft::impl {

/// Bits of the enabled groups. 0 until the originals are known: what is called earlier goes to libc.
extern constinit std::atomic<std::uint32_t> enabled_groups;

/// Where the calling thread may not park, whoever calls.
struct Bypass {
    const char* handler_frame = nullptr;  ///< a signal handler runs: of the frame below which it lies
    const void* handler_fiber = nullptr;  ///< and of the fiber that it has interrupted
    bool vfork_child = false;             ///< the memory is the parent's, the descriptors are not
};
extern constinit thread_local Bypass bypass __attribute__((tls_model("initial-exec")));

/// Whether a signal handler is still there: one that was left by longjmp() is forgotten here.
bool in_handler() noexcept;

inline bool bypassed() noexcept {
    return bypass.vfork_child || (bypass.handler_frame != nullptr && in_handler());
}

inline bool group_enabled(shim::Group group) noexcept {
    return (enabled_groups.load(std::memory_order_relaxed) >> static_cast<unsigned>(group) & 1) != 0;
}

/// For what any thread has to tell the hubs.
inline bool book_gate(shim::Group group) noexcept { return group_enabled(group) && !bypassed(); }

/// For what parks: only in a fiber.
inline bool wrap_gate(shim::Group group) noexcept {
    return group_enabled(group) && fiber_hub() != nullptr && !bypassed();
}

}  // namespace weft::impl
