// How a program ends with fibers in it. Each case is a process of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/raw_fiber.hpp>
#include <weft/core/run.hpp>

#include "context/sanitizer.hpp"

#if WEFT_ASAN
namespace {
bool exits_from_a_fiber = false;
}
// The leak checker looks for references on the stack that exits, and not on the thread's own.
extern "C" int __lsan_is_turned_off() { return exits_from_a_fiber ? 1 : 0; }
#endif

namespace weft {
namespace {

using namespace std::chrono_literals;

class Process : public ::testing::Test {
protected:
    Process() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void exit_from_a_fiber(int status) {
#if WEFT_ASAN
    exits_from_a_fiber = true;
#endif
    std::exit(status);
}

struct SaysSo {
    const char* text;
    ~SaysSo() { std::fputs(text, stderr); }
};

TEST_F(Process, ExitFromAFiberEndsItWithThatStatus) {
    EXPECT_EXIT(run([] { spawn([] { exit_from_a_fiber(3); }).join(); }), ::testing::ExitedWithCode(3), "^$");
}

TEST_F(Process, ExitFromARawFiberUnwindsTheOthers) {
    const auto body = [] {
        const RawFiber other([](void*) -> void* {
            const SaysSo note{"unwound"};
            return RawFiber::switch_to_parent();
        });
        other.switch_to();
        RawFiber([](void*) -> void* { exit_from_a_fiber(5); }).switch_to();
    };
    EXPECT_EXIT(body(), ::testing::ExitedWithCode(5), "^unwound$");
}

TEST_F(Process, ExitFromAFiberRunsTheExitHandlers) {
    const auto body = [] {
        std::atexit([] { std::fputs("handler", stderr); });
        run([] { spawn([] { exit_from_a_fiber(4); }).join(); });
    };
    EXPECT_EXIT(body(), ::testing::ExitedWithCode(4), "^handler$");
}

TEST_F(Process, WhenMainReturnsFibersAreAbandonedWithoutUnwinding) {
    const auto body = [] {
        spawn_detached([] {
            const SaysSo unwound{"unwound"};
            sleep_for(1h);
        });
        spawn_detached([] {
            const SaysSo unwound{"unwound"};
            for (;;) {
                yield();
            }
        });
        yield();
        std::exit(5);  // as the return of main() does
    };
    EXPECT_EXIT(body(), ::testing::ExitedWithCode(5), "^$");
}

__attribute__((noinline)) int recurse(int depth) {
    volatile char frame[200];
    frame[0] = static_cast<char>(depth);
    return depth == 1'000'000'000 ? 0 : recurse(depth + 1) + frame[0];
}

TEST_F(Process, AStackOverflowNamesTheFiber) {
    EXPECT_DEATH(run([] { spawn(SpawnOptions{.name = "greedy"}, [] { recurse(0); }).join(); }),
                 "stack overflow in fiber \"greedy\"");
}

TEST_F(Process, AnExceptionOutOfADestructorThatWaitsNamesFiberAndRemedy) {
    struct Waits {
        ~Waits() { sleep_for(1h); }
    };
    const auto body = [] {
        run([] {
            auto fiber = spawn(SpawnOptions{.name = "leaver"}, [] { const Waits waits; });
            yield();
            fiber.cancel();
            fiber.join();
        });
    };
    EXPECT_DEATH(body(), "std::terminate in fiber [0-9]+ \"leaver\"; .*weft::Shield");
}

TEST_F(Process, UsingAnEmptyHandleIsACallersBug) {
    EXPECT_DEATH(Fiber<>().join(), "join on a fiber handle that is empty, moved from or detached");
    EXPECT_DEATH(static_cast<void>(spawn([] {}).exception()), "which has not finished");
}

}  // namespace
}  // namespace weft
