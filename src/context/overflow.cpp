// The report of a stack overflow: a handler of SIGSEGV that knows our guards and leaves everything else as it
// was.
#include "context/overflow.hpp"

#include <execinfo.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include "base/env.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"
#include "context/machine.hpp"

namespace weft::impl {
namespace {

constexpr std::size_t alt_stack_size = std::size_t{64}
                                       << 10;  // the unwinder and the symbols of a backtrace fit easily

struct sigaction earlier;  // written once, before the handler can run

/// A line of text in a fixed buffer, since a signal handler may not allocate.
class Line {
public:
    Line& add(std::string_view text) noexcept {
        length_ += text.copy(&text_[length_], sizeof text_ - length_);
        return *this;
    }
    Line& add(std::uint64_t number, int base = 10) noexcept {
        const auto result = std::to_chars(&text_[length_], &text_[sizeof text_], number, base);
        length_ = static_cast<std::size_t>(result.ptr - &text_[0]);
        return *this;
    }
    void print() noexcept {
        add("\n");
        write_stderr({text_, length_});
    }

private:
    char text_[256];
    std::size_t length_ = 0;
};

/// The innermost frames and the outermost ones; those between are many and alike where a recursion has run
/// away.
struct Frames {
    std::array<void*, 24> inner;
    std::array<void*, 12> outer;  // a ring
    std::size_t count = 0;
};

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* argument) {
    auto& frames = *static_cast<Frames*>(argument);
    void* address = reinterpret_cast<void*>(_Unwind_GetIP(context));
    if (address == nullptr) {
        return _URC_END_OF_STACK;
    }
    if (frames.count < frames.inner.size()) {
        frames.inner[frames.count] = address;
    } else {
        frames.outer[(frames.count - frames.inner.size()) % frames.outer.size()] = address;
    }
    ++frames.count;
    return _URC_NO_REASON;
}

void print_backtrace() noexcept {
    Frames frames;
    _Unwind_Backtrace(add_frame, &frames);
    const std::size_t inner = std::min(frames.count, frames.inner.size());
    backtrace_symbols_fd(frames.inner.data(), static_cast<int>(inner), STDERR_FILENO);
    const std::size_t rest = frames.count - inner;
    const std::size_t outer = std::min(rest, frames.outer.size());
    if (rest > outer) {
        Line().add("... ").add(rest - outer).add(" frames left out ...").print();
    }
    for (std::size_t i = rest - outer; i < rest; ++i) {
        backtrace_symbols_fd(&frames.outer[i % frames.outer.size()], 1, STDERR_FILENO);
    }
}

void report(const StackSlot& slot, const void* address) noexcept {
    FiberDescription fiber;
    Line line;
    line.add("weft: stack overflow in ");
    if (describe_stack != nullptr && describe_stack(&slot, fiber)) {
        line.add("fiber \"")
            .add(std::string_view(fiber.name).substr(0, 80))
            .add("\" (id ")
            .add(fiber.id)
            .add(")");
    } else {
        line.add("a fiber without a description");
    }
    line.add(": its stack has ").add(stack_class_size(slot.size_class) >> 10).add(" KiB, from 0x");
    line.add(reinterpret_cast<std::uintptr_t>(slot.limit), 16).add("; it touched 0x");
    line.add(reinterpret_cast<std::uintptr_t>(address), 16);
    line.print();
    print_backtrace();
}

bool is_fault(const siginfo_t& info) noexcept {
    return info.si_code > 0;
}  // and not sent by somebody's kill()

/// Does what would have happened without us.
void pass_on(int signal, siginfo_t* info, void* context) noexcept {
    if ((earlier.sa_flags & SA_SIGINFO) != 0) {
        earlier.sa_sigaction(signal, info, context);
    } else if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
        earlier.sa_handler(signal);
    } else if (is_fault(*info) || earlier.sa_handler == SIG_DFL) {
        // Returning repeats the faulting instruction, so the process dies there, with the right core dump.
        sys.sigaction(signal, &earlier, nullptr);
        if (!is_fault(*info)) {
            std::raise(signal);
        }
    }
}

void on_fault(int signal, siginfo_t* info, void* context) {
    const int saved = errno;
    const StackInfo hit = is_fault(*info) ? stack_containing(info->si_addr) : StackInfo{};
    // A wild pointer can point into somebody's guard. It is an overflow where the stack pointer is in the
    // same slot.
    if (hit.in_guard && stack_containing(stack_pointer_of(context)).slot == hit.slot) {
        report(*hit.slot, info->si_addr);
    }
    errno = saved;
    pass_on(signal, info, context);
}

void install() noexcept {
    // The first backtrace of a process loads a library, which a signal handler must not do.
    void* warm_up = nullptr;
    backtrace(&warm_up, 1);
    if (sys.sigaction(SIGSEGV, nullptr, &earlier) != 0) {
        return;
    }
    struct sigaction action = earlier;  // keeps the mask and flags that the earlier handler counts on
    action.sa_flags |= SA_SIGINFO | SA_ONSTACK;
    action.sa_flags &= ~SA_RESETHAND;
    action.sa_sigaction = on_fault;
    sys.sigaction(SIGSEGV, &action, nullptr);
}

}  // namespace

constinit DescribeStack describe_stack = nullptr;

void install_overflow_report() {
    static constinit std::atomic<bool> done{false};
    if (done.load(std::memory_order_relaxed)) {
        return;
    }
    const bool wanted = env::flag("WEFT_OVERFLOW_REPORT").value_or(true);
    if (!done.exchange(true, std::memory_order_relaxed) && wanted) {
        install();
    }
}

AltStack::AltStack() noexcept {
    stack_t current{};
    if (sys.sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) {
        return;
    }
    void* memory = sys.mmap(nullptr, alt_stack_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) {
        return;
    }
    const stack_t ours{.ss_sp = memory, .ss_flags = 0, .ss_size = alt_stack_size};
    if (sys.sigaltstack(&ours, nullptr) == 0) {
        memory_ = memory;
    } else {
        sys.munmap(memory, alt_stack_size);
    }
}

AltStack::~AltStack() {
    if (memory_ == nullptr) {
        return;
    }
    // Somebody may have put another one in its place meanwhile.
    stack_t current{};
    if (sys.sigaltstack(nullptr, &current) == 0 && current.ss_sp == memory_) {
        const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
        sys.sigaltstack(&none, nullptr);
    }
    sys.munmap(memory_, alt_stack_size);
}

}  // namespace weft::impl
