// Boost's jump_fcontext, entered in a way that keeps the processor's guesses about returns right.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include "context/sanitizer.hpp"

namespace weft::impl {

// jump_fcontext is called but leaves by an indirect jump, not by a return. Each switch by an ordinary call therefore puts
// one entry too many on the processor's stack of predicted return addresses, and every `ret` after it, up to the fiber's
// own code, is predicted wrongly: some 4 ns each. Here the return address is pushed by hand and jump_fcontext entered by a
// jump, so the predictions that the leaving fiber has built are the ones that the next one, which left at the same
// place, needs. bench/micro (yield against raw_jump) shows the difference.
#if defined(__x86_64__) && !WEFT_ASAN && !WEFT_TSAN && !defined(__SHSTK__)
#define WEFT_BALANCED_JUMP 1
#else
#define WEFT_BALANCED_JUMP 0
#endif

[[gnu::always_inline]] inline boost::context::detail::transfer_t raw_jump(void* to, void* data) noexcept {
#if WEFT_BALANCED_JUMP
    boost::context::detail::transfer_t transfer;
    // Steps over the red zone first. jump_fcontext itself keeps what a callee keeps; the rest is clobbered.
    asm volatile(
        "sub $128, %%rsp\n\t"
        "lea 1f(%%rip), %%rax\n\t"
        "push %%rax\n\t"
        "jmp jump_fcontext\n"
        "1:\n\t"
        "add $128, %%rsp"
        : "=&a"(transfer.fctx), "=&d"(transfer.data), "+D"(to), "+S"(data)
        :
        : "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
          "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
    return transfer;
#else
    return boost::context::detail::jump_fcontext(to, data);
#endif
}

}  // namespace weft::impl
