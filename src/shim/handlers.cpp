// Signal handlers. They run on the stack of whatever fiber they interrupt, perhaps in the middle of the hub: what they call must
// never park. So each is entered through a frame that says so, and the program sees its own handler all the same.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include "posix/port.hpp"
#include "posix/signal_wait.hpp"

#include <signal.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace weft::impl {

namespace {

using Handler = void (*)(int, siginfo_t*, void*);

/// The program's handler of each signal.
constinit std::array<std::atomic<Handler>, NSIG> handlers{};

/// Those of processor time and of faults strike who runs, and so no fiber that waits.
bool strikes_waits(int signal) noexcept {
    switch (signal) {
        case SIGPROF:
        case SIGVTALRM:
        case SIGSEGV:
        case SIGBUS:
        case SIGFPE:
        case SIGILL:
        case SIGTRAP:
        case SIGSYS:
            return false;
        default:
            return true;
    }
}

void enter_handler(int signal, siginfo_t* info, void* context) {
    // Also where an exception leaves it.
    const struct Inside {
        Bypass before = bypass;
        ~Inside() { bypass = before; }
    } inside;
    bypass = {.frame = static_cast<const char*>(__builtin_frame_address(0)), .fiber = running_fiber()};
    if (const Handler handler = handlers[static_cast<std::size_t>(signal)].load(std::memory_order_relaxed)) {
        handler(signal, info, context);
    }
    if (strikes_waits(signal)) {
        struct sigaction now {};
        // Asked each time: siginterrupt() changes it, inside of libc.
        WEFT_ORIGINAL(sigaction, int, (int, const struct sigaction*, struct sigaction*))
        (signal, nullptr, &now);
        handler_has_run((now.sa_flags & SA_RESTART) != 0);
    }
}

// Whether a handler takes one argument or three, it is called with three; the kernel's structure holds both kinds in one place.
sighandler_t plain(Handler handler) noexcept {
    struct sigaction both {};
    both.sa_sigaction = handler;
    return both.sa_handler;
}

Handler full(sighandler_t handler) noexcept {
    struct sigaction both {};
    both.sa_handler = handler;
    return both.sa_sigaction;
}

bool is_function(sighandler_t handler) noexcept {
    return handler != SIG_DFL && handler != SIG_IGN && handler != SIG_HOLD && handler != SIG_ERR;
}

bool known(int signal) noexcept { return signal > 0 && signal < NSIG; }

/// What the program is told that it had.
sighandler_t told(int signal, sighandler_t from_kernel, Handler before) noexcept {
    return known(signal) && from_kernel == plain(&enter_handler) ? plain(before) : from_kernel;
}

/// For signal() and its relatives: they take a handler and return the one before.
template <class Install>
sighandler_t install(int signal, sighandler_t handler, Install original) noexcept {
    if (!known(signal)) {
        return original(signal, handler);
    }
    std::atomic<Handler>& place = handlers[static_cast<std::size_t>(signal)];
    const Handler before = place.load(std::memory_order_relaxed);
    const bool wrapped = is_function(handler) && group_enabled(shim::Group::signal);
    if (wrapped) {
        place.store(full(handler), std::memory_order_relaxed);
    }
    const sighandler_t old = original(signal, wrapped ? plain(&enter_handler) : handler);
    if (old == SIG_ERR && wrapped) {
        place.store(before, std::memory_order_relaxed);
    }
    return told(signal, old, before);
}

using SignalFunction = sighandler_t(int, sighandler_t);

}  // namespace

}  // namespace weft::impl

using weft::impl::install;

WEFT_SHIM(sigaction, int, (int signal, const struct sigaction* action, struct sigaction* old)) {
    using namespace weft::impl;
    const auto libc_sigaction =
        WEFT_ORIGINAL(sigaction, int, (int, const struct sigaction*, struct sigaction*));
    if (!known(signal)) {
        return libc_sigaction(signal, action, old);
    }
    std::atomic<Handler>& place = handlers[static_cast<std::size_t>(signal)];
    const Handler before = place.load(std::memory_order_relaxed);
    struct sigaction entered {};
    const struct sigaction* passed = action;
    if (action != nullptr && is_function(action->sa_handler) && group_enabled(weft::shim::Group::signal)) {
        place.store(full(action->sa_handler), std::memory_order_relaxed);
        entered = *action;
        entered.sa_sigaction = &enter_handler;
        passed = &entered;
    }
    const int result = libc_sigaction(signal, passed, old);
    if (result != 0) {
        place.store(before, std::memory_order_relaxed);
    } else if (old != nullptr) {
        old->sa_handler = told(signal, old->sa_handler, before);
    }
    return result;
}

WEFT_SHIM(signal, sighandler_t, (int signal, sighandler_t handler)) {
    return install(signal, handler, WEFT_ORIGINAL(signal, sighandler_t, (int, sighandler_t)));
}

WEFT_SHIM(sysv_signal, sighandler_t, (int signal, sighandler_t handler)) {
    return install(signal, handler, WEFT_ORIGINAL(sysv_signal, sighandler_t, (int, sighandler_t)));
}

WEFT_SHIM(sigset, sighandler_t, (int signal, sighandler_t handler)) {
    return install(signal, handler, WEFT_ORIGINAL(sigset, sighandler_t, (int, sighandler_t)));
}

// Who jumps out of a handler has left it; who jumps within it has not.

namespace weft::impl {

namespace {

/// Where the stack pointer will be after the jump.
const char* target_of([[maybe_unused]] const void* to) noexcept {
#if defined(__x86_64__)
    // glibc keeps it as the seventh of eight registers, xored with the thread's guard and rotated.
    std::uint64_t kept = 0;
    std::memcpy(&kept, static_cast<const char*>(to) + 6 * sizeof kept, sizeof kept);
    std::uint64_t guard = 0;
    __asm__("movq %%fs:0x30, %0" : "=r"(guard));
    return reinterpret_cast<const char*>((kept >> 17 | kept << 47) ^ guard);
#else
    return reinterpret_cast<const char*>(~std::uintptr_t{0});
#endif
}

void leave_handlers(const void* to) noexcept {
    if (bypass.frame != vfork_child && target_of(to) > bypass.frame) {
        bypass.frame = nullptr;
    }
}

}  // namespace

}  // namespace weft::impl

WEFT_SHIM(longjmp, void, (void* to, int value)) {
    weft::impl::leave_handlers(to);
    WEFT_ORIGINAL(longjmp, void, (void*, int))(to, value);
}

WEFT_SHIM(__longjmp_chk, void, (void* to, int value)) {
    weft::impl::leave_handlers(to);
    WEFT_ORIGINAL(__longjmp_chk, void, (void*, int))(to, value);
}
