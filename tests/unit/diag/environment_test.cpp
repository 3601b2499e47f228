// What the environment asks for, from the first hub on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <weft/core/run.hpp>
#include <weft/diag/watchdog.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;

/// Runs in a process of its own, whose first hub this makes: status 0, or 3 with the error on standard error.
[[noreturn]] void run_with(const char* name, const char* value) {
    ::setenv(name, value, 1);
    try {
        run([] {});
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "%s\n", error.what());
        std::_Exit(3);
    }
    std::_Exit(0);
}

class EnvironmentDeathTest : public ::testing::Test {
protected:
    EnvironmentDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// CONFORMANCE 272
TEST_F(EnvironmentDeathTest, ABadValueIsAnErrorThatNamesTheVariable) {
    const auto refused = ::testing::ExitedWithCode(3);
    EXPECT_EXIT(run_with("WEFT_WATCHDOG", "soon"), refused, "WEFT_WATCHDOG.*soon");
    EXPECT_EXIT(run_with("WEFT_WATCHDOG", "0"), refused, "WEFT_WATCHDOG");
    EXPECT_EXIT(run_with("WEFT_DUMP_SIGNAL", "KILL"), refused, "WEFT_DUMP_SIGNAL.*KILL");
    EXPECT_EXIT(run_with("WEFT_DUMP_SIGNAL", "NONSENSE"), refused, "give a name");
    EXPECT_EXIT(run_with("WEFT_LEAK_REPORT", "maybe"), refused, "WEFT_LEAK_REPORT");
    EXPECT_EXIT(run_with("WEFT_STACK_FILL", "2"), refused, "WEFT_STACK_FILL");
}

TEST_F(EnvironmentDeathTest, GoodValuesAreTaken) {
    EXPECT_EXIT(run_with("WEFT_WATCHDOG", "100"), ::testing::ExitedWithCode(0), "");
    EXPECT_EXIT(run_with("WEFT_DUMP_SIGNAL", "SIGUSR1"), ::testing::ExitedWithCode(0), "");
}

TEST_F(EnvironmentDeathTest, WhatTheProgramSaysWins) {
    const auto found_by_its_own = [] {
        ::setenv("WEFT_WATCHDOG", "3600000", 1);
        run([] {
            std::atomic<bool> found{false};
            const diag::Watchdog own(
                {.limit = 2ms, .on_blocked = [&](const diag::BlockedHub&) { found.store(true); }});
            while (!found.load()) {
                ::usleep(500);
            }
            std::_Exit(3);
        });
    };
    EXPECT_EXIT(found_by_its_own(), ::testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace weft
