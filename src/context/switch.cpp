// Starting and ending a flow of control.
#include "context/switch.hpp"

#include <pthread.h>

#include <cxxabi.h>
#include <cerrno>
#include <utility>

#include "base/assert.hpp"

namespace weft::impl {

void start_context(boost::context::detail::transfer_t transfer) noexcept {
    // Nobody called this function: a backtrace ends here instead of following garbage.
#if defined(__x86_64__)
    asm volatile(".cfi_undefined rip");
#elif defined(__aarch64__)
    asm volatile(".cfi_undefined x30");
#endif
    store_left(transfer);
    Execution& self = *static_cast<Execution*>(transfer.data)->next;
#if WEFT_ASAN
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
    Execution& to = *self.entry(self.argument);
    self.next = &to;
#if WEFT_ASAN
    __sanitizer_start_switch_fiber(nullptr, to.stack_bottom, to.stack_size);
#endif
#if WEFT_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
    raw_jump(to.sp, &self);
    __builtin_unreachable();
}

ThreadContext init_thread_context() noexcept {
    return {.exceptions = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals()),
            .errno_address = &errno};
}

void init_thread_execution([[maybe_unused]] Execution& self) noexcept {
#if WEFT_ASAN
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void* bottom = nullptr;
        pthread_attr_getstack(&attributes, &bottom, &self.stack_size);
        self.stack_bottom = bottom;
        pthread_attr_destroy(&attributes);
    }
#endif
#if WEFT_TSAN
    self.tsan_fiber = __tsan_get_current_fiber();
#endif
}

void jump_with_exceptions(Execution& self, Execution& to, ExceptionGlobals& globals) {
    const ExceptionGlobals in_flight = std::exchange(globals, ExceptionGlobals{nullptr, 0});
    jump(self, to);
    globals = in_flight;
}

}  // namespace weft::impl
