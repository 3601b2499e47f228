// The switch from one stack to another, and all that a thread keeps per stack without knowing it: errno, the exceptions in
// flight, the sanitizers' idea of where they are. The only user of Boost.Context.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>

#include "context/raw_jump.hpp"
#include "context/sanitizer.hpp"
#include "context/stack.hpp"

namespace weft::impl {

/// A suspended flow of control. Embedded in whatever core knows about a fiber; trivially copyable state, fixed address.
struct Execution {
    void* sp = nullptr;  ///< valid while suspended
    Execution* next =
        nullptr;  ///< whom this one has switched to last: a fresh stack learns its own Execution by it
    Execution* (*entry)(void*) = nullptr;
    void* argument = nullptr;
#if WEFT_ASAN
    const void* stack_bottom = nullptr;
    std::size_t stack_size = 0;
    void* fake_stack = nullptr;
#endif
#if WEFT_TSAN
    void* tsan_fiber = nullptr;
#endif
};

/// What __cxa_get_globals() points to, as the C++ ABI defines it.
struct ExceptionGlobals {
    void* caught;
    unsigned int uncaught;
};

/// Addresses that are fixed per OS thread; fibers do not migrate, so a hub looks them up once.
struct ThreadContext {
    ExceptionGlobals* exceptions = nullptr;
    int* errno_address = nullptr;
};

[[nodiscard]] ThreadContext init_thread_context() noexcept;

/// Makes `self` stand for the calling thread's own stack.
void init_thread_execution(Execution& self) noexcept;

/// What the sanitizers are told: `self` is to be found on the stack of `other` from now on.
inline void copy_stack_notes([[maybe_unused]] Execution& self,
                             [[maybe_unused]] const Execution& other) noexcept {
#if WEFT_ASAN
    self.stack_bottom = other.stack_bottom;
    self.stack_size = other.stack_size;
#endif
#if WEFT_TSAN
    self.tsan_fiber = other.tsan_fiber;
#endif
}

/// The bottom frame of every fiber. noexcept: an exception that reaches it ends the program with the throwing frames
/// intact.
void start_context(boost::context::detail::transfer_t transfer) noexcept;

/// Makes `self` start `entry(argument)` at its first switch, on the stack from slot.limit up to `stack_top`, which is at
/// most slot.top. When `entry` returns, `self` has ended and what it returned goes on; the stack may be released then, not
/// before. No exception may leave it, nor be in flight when it returns.
///
/// It returns rather than jump away itself for the same reason as raw_jump(): calls and returns stay in pairs.
inline void prepare_context(Execution& self, StackSlot& slot, std::byte* stack_top,
                            Execution* (*entry)(void*), void* argument) {
    const auto size = static_cast<std::size_t>(stack_top - slot.limit);
    self.entry = entry;
    self.argument = argument;
    self.sp = boost::context::detail::make_fcontext(stack_top, size, &start_context);
#if WEFT_ASAN
    self.stack_bottom = slot.limit;
    self.stack_size = size;
    self.fake_stack = nullptr;
#endif
#if WEFT_TSAN
    // A fresh one per fiber: its shadow call stack still holds the frames in which the last fiber ended.
    if (slot.tsan_fiber != nullptr) {
        __tsan_destroy_fiber(slot.tsan_fiber);
    }
    slot.tsan_fiber = __tsan_create_fiber(0);
    self.tsan_fiber = slot.tsan_fiber;
#endif
}

/// The first thing on the side that has been switched to: tells the one that left where it can be resumed.
[[gnu::always_inline]] inline void store_left(boost::context::detail::transfer_t transfer) noexcept {
    static_cast<Execution*>(transfer.data)->sp = transfer.fctx;
}

/// The jump and what the sanitizers want to hear about it.
[[gnu::always_inline]] inline void jump(Execution& self, Execution& to) {
    self.next = &to;
#if WEFT_ASAN
    __sanitizer_start_switch_fiber(&self.fake_stack, to.stack_bottom, to.stack_size);
#endif
#if WEFT_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
    store_left(raw_jump(to.sp, &self));
#if WEFT_ASAN
    __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
#endif
}

/// Whoever leaves with exceptions in flight takes them along, so the thread's record is clear at each switch and the others,
/// nearly all, have nothing to restore. Out of line: what it keeps needs registers that the common case would have to save.
void jump_with_exceptions(Execution& self, Execution& to, ExceptionGlobals& globals);

/// Leaves `self`, continues `to`; returns when somebody switches to `self` again, on the same thread.
[[gnu::always_inline]] inline void switch_context(Execution& self, Execution& to, ThreadContext& thread) {
    const int saved_errno = *thread.errno_address;
    // In one go: it is looked at in every switch.
    if ((reinterpret_cast<std::uintptr_t>(thread.exceptions->caught) | thread.exceptions->uncaught) == 0)
        [[likely]] {
        jump(self, to);
    } else {
        jump_with_exceptions(self, to, *thread.exceptions);
    }
    *thread.errno_address = saved_errno;
}

}  // namespace weft::impl
