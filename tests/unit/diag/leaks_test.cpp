// Fibers that are left when their hub ends are named.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/diag/leaks.hpp>
#include <weft/sync/event.hpp>

#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

[[gnu::noinline]] void wait_in_vain(Event& event) {
    event.wait();
    asm volatile("" ::: "memory");
}

TEST(LeakReport, NamesFibersThatNobodyWillEverWake) {
    diag::report_leaks();
    const test::StderrCapture printed;
    Event event;
    run([&] {
        spawn_detached(SpawnOptions{.name = "forgotten"}, [&] { wait_in_vain(event); });
        yield();
    });
    const std::string text = test::StderrCapture::str();
    EXPECT_NE(text.find("1 fiber left at the end of the hub; all of them wait, without a limit"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\"forgotten\": event"), std::string::npos) << text;
    EXPECT_NE(text.find("spawned at"), std::string::npos) << text;
#if defined(__x86_64__)
    EXPECT_NE(text.find("wait_in_vain"), std::string::npos) << text;
#endif
}

TEST(LeakReport, TellsThemFromThoseWithALimit) {
    diag::report_leaks();
    const test::StderrCapture printed;
    Event event;
    run([&] {
        spawn_detached([&] { event.wait(); });
        spawn_detached([&] { sleep_for(1h); });
        yield();
    });
    EXPECT_EQ(
        test::StderrCapture::count("2 fibers left at the end of the hub; 1 of them wait, without a limit"),
        1U)
        << test::StderrCapture::str();
}

TEST(LeakReport, SaysNothingWhereNoneIsLeft) {
    diag::report_leaks();
    const test::StderrCapture printed;
    run([] { spawn([] { yield(); }).join(); });
    EXPECT_EQ(test::StderrCapture::str(), "");
}

}  // namespace
}  // namespace weft
