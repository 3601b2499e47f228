// What a stack overflow looks like from outside. Each case is a process of its own.
#include "context/overflow.hpp"

#include <execinfo.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "base/sys.hpp"
#include "unit/context/fiber_fixture.hpp"

namespace weft::impl {
namespace {

using testing::HasSubstr;
using testing::Not;

bool describe_as_greedy(const StackSlot* slot, FiberDescription& fiber) noexcept {
    fiber = {.name = "greedy", .id = 7};
    return slot != nullptr;
}

constexpr int endless = 1'000'000'000;

__attribute__((noinline)) int recurse(int depth) {
    volatile char frame[200];
    frame[0] = static_cast<char>(depth);
    return depth == endless ? 0 : recurse(depth + 1) + frame[0];
}

/// Touches only the lowest bytes of 60 KiB, so it jumps over any smaller guard.
__attribute__((noinline)) int recurse_with_large_array(int depth) {
    volatile char frame[60 * 1024];
    frame[0] = static_cast<char>(depth);
    return depth == endless ? 0 : recurse_with_large_array(depth + 1) + frame[0];
}

void run_on_fiber(int (*overflowing)(int)) {
    const AltStack alt_stack;
    Thread thread;
    Routine routine(thread, [&](Routine&) { overflowing(0); });
    routine.resume();
}

class Overflow : public testing::Test {
protected:
    void SetUp() override {
        testing::FLAGS_gtest_death_test_style = "threadsafe";
        describe_stack = describe_as_greedy;
    }
};

TEST_F(Overflow, OfARecursionNamesFiberAndSizeAndShowsBothEndsOfTheBacktrace) {
    EXPECT_DEATH(run_on_fiber(recurse),
                 "weft: stack overflow in fiber \"greedy\" \\(id 7\\): its stack has 256 KiB"
                 "(.|\n)*frames left out");
}

TEST_F(Overflow, ByAFrameOf60KiBHitsTheGuard) {
    EXPECT_DEATH(run_on_fiber(recurse_with_large_array), "weft: stack overflow in fiber \"greedy\"");
}

TEST_F(Overflow, EndsTheProcessAsItWouldHaveEnded) {
#if WEFT_ASAN || WEFT_TSAN
    GTEST_SKIP() << "the sanitizer has a handler of its own for this signal";
#endif
    EXPECT_EXIT(run_on_fiber(recurse), testing::KilledBySignal(SIGSEGV), "greedy");
}

TEST_F(Overflow, ReportIsSwitchedOffByTheEnvironment) {
    ::setenv("WEFT_OVERFLOW_REPORT", "0", 1);
    EXPECT_DEATH(run_on_fiber(recurse), Not(HasSubstr("weft: ")));
    ::unsetenv("WEFT_OVERFLOW_REPORT");
}

TEST_F(Overflow, ABadSettingIsAnErrorOfTheFirstStack) {
    ::setenv("WEFT_OVERFLOW_REPORT", "maybe", 1);
    const auto first_stack = [] {
        try {
            static_cast<void>(StackPool::process().acquire(default_stack_size));
        } catch (const std::invalid_argument& error) {
            std::fputs(error.what(), stderr);
            std::_Exit(3);
        }
    };
    EXPECT_EXIT(first_stack(), testing::ExitedWithCode(3),
                "WEFT_OVERFLOW_REPORT=maybe: expected one of 0, 1");
    ::unsetenv("WEFT_OVERFLOW_REPORT");
}

TEST_F(Overflow, AWildPointerIntoAGuardIsNotCalledOne) {
    const auto write_to_guard = [] {
        const AltStack alt_stack;
        StackSlot* slot = StackPool::process().acquire(default_stack_size);
        *reinterpret_cast<volatile char*>(slot->limit - 100) = 1;
    };
    EXPECT_DEATH(write_to_guard(), Not(HasSubstr("stack overflow in")));
}

sigjmp_buf recovery;
bool recovered = false;
void recover_once(int) {
    if (recovered) {
        std::_Exit(5);
    }
    recovered = true;
    siglongjmp(recovery, 1);
}
void leave_with_42(int) { std::_Exit(42); }

TEST_F(Overflow, AnEarlierHandlerGetsEveryFaultAndTheOverflowAfterItsReport) {
    const auto overflow = [] {
        std::signal(SIGSEGV, leave_with_42);
        run_on_fiber(recurse);
    };
    EXPECT_EXIT(overflow(), testing::ExitedWithCode(42), "stack overflow in fiber");
}

TEST_F(Overflow, AnEarlierHandlerMayRecoverAndTheReportStaysInstalled) {
    const auto recover_then_overflow = [] {
        std::signal(SIGSEGV, recover_once);
        install_overflow_report();
        void* unreadable = ::mmap(nullptr, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (sigsetjmp(recovery, 1) == 0) {
            *static_cast<volatile char*>(unreadable) = 1;
        }
        std::fputs("recovered\n", stderr);
        run_on_fiber(recurse);
    };
    EXPECT_EXIT(recover_then_overflow(), testing::ExitedWithCode(5),
                "recovered\n(.|\n)*stack overflow in fiber");
}

TEST_F(Overflow, ASignalThatWasSentEndsTheProcessToo) {
    const auto send = [] {
        install_overflow_report();
        std::raise(SIGSEGV);
        std::_Exit(0);
    };
    EXPECT_DEATH(send(), Not(HasSubstr("stack overflow in")));
}

TEST_F(Overflow, AnExceptionThatLeavesTheEntryEndsTheProgramWithItsText) {
    const auto escape = [] {
        Thread thread;
        Routine routine(thread, [](Routine&) { throw std::runtime_error("nobody wants me"); });
        routine.resume();
    };
    EXPECT_DEATH(escape(), "nobody wants me");
}

TEST(Backtrace, EndsAtTheEntryOfAFiber) {
    Thread thread;
    int depth = 0;
    Routine routine(thread, [&](Routine&) {
        void* frames[64];
        depth = ::backtrace(frames, 64);
    });
    routine.resume();
    EXPECT_GE(depth, 3);
    EXPECT_LE(depth, 12);
}

/// What this thread's alternate stack is. A sanitizer may have set one.
stack_t alternate_stack() {
    stack_t current{};
    sys.sigaltstack(nullptr, &current);
    return current;
}

TEST(AltStackOfAThread, IsMadeWhereThereIsNoneAndGoesWithItsOwner) {
    std::thread([] {
        const stack_t original = alternate_stack();
        const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
        sys.sigaltstack(&none, nullptr);
        {
            const AltStack alt_stack;
            EXPECT_EQ(alternate_stack().ss_flags & SS_DISABLE, 0);
            EXPECT_GE(alternate_stack().ss_size, std::size_t{32} << 10);
        }
        EXPECT_NE(alternate_stack().ss_flags & SS_DISABLE, 0);
        sys.sigaltstack(&original, nullptr);
    }).join();
}

TEST(AltStackOfAThread, ThatIsThereAlreadyIsKept) {
    std::thread([] {
        const stack_t original = alternate_stack();
        std::vector<char> memory(std::size_t{64} << 10);
        const stack_t own{.ss_sp = memory.data(), .ss_flags = 0, .ss_size = memory.size()};
        sys.sigaltstack(&own, nullptr);
        {
            const AltStack alt_stack;
            EXPECT_EQ(alternate_stack().ss_sp, memory.data());
        }
        EXPECT_EQ(alternate_stack().ss_sp, memory.data());
        sys.sigaltstack(&original, nullptr);
    }).join();
}

}  // namespace
}  // namespace weft::impl
