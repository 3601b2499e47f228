// Unwinding by the C++ runtime's own unwinder, which needs no frame pointers.
#include "diag/frames.hpp"

#include "context/machine.hpp"
#include "context/raw_jump.hpp"

#include <link.h>
#include <unwind.h>

namespace weft::impl {

#if defined(__x86_64__)

// Calls _Unwind_Backtrace(trace, argument) with a frame above it that says: my caller is the suspended one. Boost's
// jump_fcontext has left its registers at `saved`: control words, r12 to r15, rbx, rbp, return address; above them lies the red
// zone that raw_jump() has stepped over. So the unwinder goes on in the other stack, and nothing in there is written to.
extern "C" _Unwind_Reason_Code weft_unwind_suspended(const void* saved, _Unwind_Trace_Fn trace,
                                                     void* argument);

#if WEFT_BALANCED_JUMP
#define WEFT_SAVED_BYTES "192"
#define WEFT_SAVED_AT(offset) #offset " - 192"
#else
#define WEFT_SAVED_BYTES "64"
#define WEFT_SAVED_AT(offset) #offset " - 64"
#endif

asm(R"(
    .pushsection .text
    .hidden weft_unwind_suspended
    .globl weft_unwind_suspended
    .type weft_unwind_suspended, @function
weft_unwind_suspended:
    .cfi_startproc
    push %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    mov %rdi, %rbx
    mov %rsi, %rdi
    mov %rdx, %rsi
    .cfi_remember_state
    .cfi_def_cfa rbx, )" WEFT_SAVED_BYTES R"(
    .cfi_offset r12, )" WEFT_SAVED_AT(8) R"(
    .cfi_offset r13, )" WEFT_SAVED_AT(16) R"(
    .cfi_offset r14, )" WEFT_SAVED_AT(24) R"(
    .cfi_offset r15, )" WEFT_SAVED_AT(32) R"(
    .cfi_offset rbx, )" WEFT_SAVED_AT(40) R"(
    .cfi_offset rbp, )" WEFT_SAVED_AT(48) R"(
    .cfi_offset rip, )" WEFT_SAVED_AT(56) R"(
    call _Unwind_Backtrace@PLT
    .cfi_restore_state
    pop %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_endproc
    .size weft_unwind_suspended, . - weft_unwind_suspended
    .popsection
)");

#endif

namespace {

struct Collection {
    std::span<const void*> out;
    std::size_t skip = 0;         ///< frames to leave out at the beginning
    const void* until = nullptr;  ///< all before this address are left out, too
    std::size_t count = 0;
};

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* argument) {
    auto& collection = *static_cast<Collection*>(argument);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address is what the unwinder has.
    const void* address = reinterpret_cast<const void*>(_Unwind_GetIP(context));
    if (address == nullptr || collection.count == collection.out.size()) {
        return _URC_END_OF_STACK;
    }
    if (collection.skip > 0) {
        --collection.skip;
        return _URC_NO_REASON;
    }
    if (collection.until != nullptr && address != collection.until) {
        return _URC_NO_REASON;
    }
    collection.until = nullptr;
    collection.out[collection.count++] = address;
    return _URC_NO_REASON;
}

// The code that this library lies in; all of the program's where it is linked in.
constinit const char* code_begin = nullptr;
constinit const char* code_end = nullptr;

int find_code(dl_phdr_info* object, std::size_t, void*) {
    const auto* mine = reinterpret_cast<const char*>(&find_code);
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        const auto* begin = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
        if (segment.p_type == PT_LOAD && mine >= begin && mine < begin + segment.p_memsz) {
            code_begin = begin;
            code_end = begin + segment.p_memsz;
            return 1;
        }
    }
    return 0;
}

}  // namespace

std::size_t frames_here(std::span<const void*> out) noexcept {
    Collection collection{.out = out, .skip = 1};
    _Unwind_Backtrace(&add_frame, &collection);
    return collection.count;
}

std::size_t frames_of([[maybe_unused]] const Execution& suspended,
                      [[maybe_unused]] std::span<const void*> out) noexcept {
#if defined(__x86_64__)
    // The frame of weft_unwind_suspended itself comes first.
    Collection collection{.out = out, .skip = 1};
    weft_unwind_suspended(suspended.sp, &add_frame, &collection);
    return collection.count;
#else
    return 0;
#endif
}

std::size_t frames_interrupted(const void* context, std::span<const void*> out) noexcept {
    Collection collection{.out = out};
    collection.until = instruction_of(context);
    _Unwind_Backtrace(&add_frame, &collection);
    if (collection.count == 0) {
        // A sanitizer calls handlers later, from its own functions.
        collection.until = nullptr;
        _Unwind_Backtrace(&add_frame, &collection);
    }
    return collection.count;
}

bool interrupted_inside(const void* context) noexcept {
    const auto* at = static_cast<const char*>(instruction_of(context));
    return at >= code_begin && at < code_end;
}

void prepare_unwinder() noexcept {
    const void* frame = nullptr;
    frames_here({&frame, 1});
    dl_iterate_phdr(&find_code, nullptr);
}

}  // namespace weft::impl
