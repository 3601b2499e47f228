// The spin lock, and what a loop that spins tells the processor.
#pragma once

#include <weft/base/spinlock.hpp>

namespace weft::impl {

/// Tells the processor that this is a spin-wait loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace weft::impl
