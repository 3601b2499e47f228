// What a signal has interrupted: the third argument of its handler, read for each machine.
#pragma once

#include <ucontext.h>

namespace weft::impl {

// NOLINTBEGIN(performance-no-int-to-ptr): a register is a number.

inline const void* stack_pointer_of(const void* context) noexcept {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<const void*>(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const void*>(machine.sp);
#endif
}

inline const void* instruction_of(const void* context) noexcept {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<const void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const void*>(machine.pc);
#endif
}

// NOLINTEND(performance-no-int-to-ptr)

}  // namespace weft::impl
