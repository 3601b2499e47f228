// A signal makes the process write a dump.
#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/diag/dump.hpp>

#include "diag/dump_signal.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

TEST(DumpSignal, WritesADumpToStandardError) {
    const test::StderrCapture printed;
    diag::dump_on_signal(SIGUSR2, {.frames = 0});
    run([] {
        auto sleeper = spawn(SpawnOptions{.name = "sleeper"}, [] { sleep_until(TimePoint::max()); });
        yield();
        ASSERT_EQ(std::raise(SIGUSR2), 0);
        while (test::StderrCapture::count("\"sleeper\": sleep") == 0) {
            yield();
        }
        sleeper.cancel();
    });
}

TEST(DumpSignal, KnowsSignalsByNameAndNumber) {
    EXPECT_EQ(impl::signal_named("USR1"), SIGUSR1);
    EXPECT_EQ(impl::signal_named("SIGUSR1"), SIGUSR1);
    EXPECT_EQ(impl::signal_named("10"), 10);
    EXPECT_EQ(impl::signal_named("SIGNONE"), 0);
    EXPECT_EQ(impl::signal_named("10x"), 0);
}

TEST(DumpSignal, WhatCannotBeCaughtIsRefused) {
    EXPECT_THROW(diag::dump_on_signal(SIGKILL), std::invalid_argument);
    EXPECT_THROW(diag::dump_on_signal(SIGURG), std::invalid_argument);
    EXPECT_THROW(diag::dump_on_signal(SIGSEGV), std::invalid_argument);
    EXPECT_THROW(diag::dump_on_signal(0), std::invalid_argument);
    EXPECT_THROW(diag::dump_on_signal(100'000), std::invalid_argument);
}

}  // namespace
}  // namespace weft
