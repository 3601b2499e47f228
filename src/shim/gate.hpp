// Which calls are made cooperative: those of an enabled group, outside of signal handlers and of the child of a vfork().
#pragma once

#include "core/hub.hpp"

#include <weft/shim/shim.hpp>

#include <atomic>
#include <cstdint>

namespace weft::impl {

/// Bits of the enabled groups. 0 until the originals are known: what is called earlier goes to libc.
extern constinit std::atomic<std::uint32_t> enabled_groups;

/// Where the calling thread may not park, whoever calls.
struct Bypass {
    /// In the child of a vfork() all ones: the memory is the parent's, the descriptors are not. Else, in a signal handler, of the
    /// frame below which it lies.
    const char* frame = nullptr;
    const void* fiber = nullptr;  ///< that the handler has interrupted
};
inline const char* const vfork_child = reinterpret_cast<const char*>(~std::uintptr_t{0});
extern constinit thread_local Bypass bypass __attribute__((tls_model("initial-exec")));

/// Whether what has closed the gate is still there: a handler that was left by an exception of another fiber's is forgotten here.
bool still_bypassed() noexcept;

inline bool bypassed() noexcept { return bypass.frame != nullptr && still_bypassed(); }

inline bool group_enabled(shim::Group group) noexcept {
    return (enabled_groups.load(std::memory_order_relaxed) >> static_cast<unsigned>(group) & 1) != 0;
}

/// For what any thread has to tell the hubs.
inline bool book_gate(shim::Group group) noexcept { return group_enabled(group) && !bypassed(); }

/// For what parks: only on the thread of a hub; weft::posix looks whether a fiber calls.
inline bool wrap_gate(shim::Group group) noexcept {
    return group_enabled(group) && Hub::current() != nullptr && !bypassed();
}

}  // namespace weft::impl
