// The watchdog tells a blocked hub from one that is idle or busy.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/diag/watchdog.hpp>
#include <weft/pool/thread_pool.hpp>
#include <weft/sync/event.hpp>

#include "support/host.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

// A machine that is busy keeps a thread from running for some time, and to the watchdog that looks like a block.
constexpr Duration beyond_stalls = 60ms;

/// What a watchdog has found; blocks the calling thread until there is something.
struct Findings {
    std::atomic<int> count{0};
    diag::BlockedHub first;

    diag::WatchdogOptions options(Duration limit) {
        return {.limit = limit, .on_blocked = [this](const diag::BlockedHub& blocked) {
                    if (count.load() == 0) {
                        first = blocked;
                    }
                    ++count;
                    count.notify_all();
                }};
    }
};

// By short calls of the system, so that a sanitizer lets signals through.
[[gnu::noinline]] void block_until_found(const Findings& findings) {
    while (findings.count.load() == 0) {
        ::usleep(500);
    }
    asm volatile("" ::: "memory");
}

// CONFORMANCE 265
TEST(Watchdog, NamesTheFiberThatBlocksAndWhere) {
    Findings findings;
    const std::uint64_t before = diag::Watchdog::count();
    const diag::Watchdog watchdog(findings.options(beyond_stalls));
    run([&] {
        auto innocent = spawn([] { yield(); });
        auto culprit = spawn(SpawnOptions{.name = "culprit"}, [&] { block_until_found(findings); });
        culprit.join();
        innocent.join();
    });
    EXPECT_EQ(findings.first.fiber_name, "culprit");
    EXPECT_GE(findings.first.blocked_for, beyond_stalls);
    EXPECT_NE(findings.first.backtrace.find("block_until_found"), std::string::npos)
        << findings.first.backtrace;
    EXPECT_GT(diag::Watchdog::count(), before);
}

TEST(Watchdog, TellsComputingFromWaiting) {
    Findings findings;
    const diag::Watchdog watchdog(findings.options(5ms));
    run([&] {
        auto culprit = spawn([&] { block_until_found(findings); });
        culprit.join();
    });
    // It has been asleep in the kernel nearly all the time, and that is far from computing.
    EXPECT_LT(findings.first.cpu_time, findings.first.blocked_for);
}

TEST(Watchdog, AHubThatIsIdleOrSwitchesIsNotBlocked) {
    Findings findings;
    const diag::Watchdog watchdog(findings.options(1s));
    const test::Host idle;
    run([&] {
        const TimePoint end = now() + 50ms;
        auto one = spawn([&] {
            while (now() < end) {
                yield();
            }
        });
        auto two = spawn([&] { sleep_until(end); });
        one.join();
        two.join();
    });
    EXPECT_EQ(findings.count.load(), 0);
}

// CONFORMANCE 266
TEST(Watchdog, IdleWorkersOfAPoolAreNotBlockedButAJobThatBlocksItsFibersIs) {
    Findings findings;
    const diag::Watchdog watchdog(findings.options(100ms));
    run([&] {
        run_blocking([] { spawn([] { yield(); }).join(); });  // the worker has had a hub, and is idle now
        run_blocking([] { ::usleep(150'000); });              // a worker without fibers blocks nobody
        EXPECT_EQ(findings.count.load(), 0);
        run_blocking([&] {
            auto culprit = spawn(SpawnOptions{.name = "in a worker"}, [&] { block_until_found(findings); });
            culprit.join();
        });
    });
    EXPECT_EQ(findings.first.fiber_name, "in a worker");
}

TEST(Watchdog, ReportsABlockOnce) {
    Findings findings;
    const diag::Watchdog watchdog(findings.options(beyond_stalls));
    run([&] {
        auto culprit = spawn([&] {
            block_until_found(findings);
            for (int i = 0; i < 120; ++i) {
                ::usleep(1000);
            }
        });
        culprit.join();
    });
    EXPECT_EQ(findings.count.load(), 1);
}

TEST(Watchdog, PrintsWhereNobodyListens) {
    const test::StderrCapture printed;
    const diag::Watchdog watchdog({.limit = 2ms});
    run([&] {
        auto culprit = spawn(SpawnOptions{.name = "loud"}, [] {
            while (test::StderrCapture::count("by fiber") == 0) {
                ::usleep(500);
            }
        });
        culprit.join();
    });
    EXPECT_NE(test::StderrCapture::str().find("is blocked for"), std::string::npos);
    EXPECT_NE(test::StderrCapture::str().find("\"loud\""), std::string::npos);
}

TEST(Watchdog, ThereIsOneAtATime) {
    const diag::Watchdog first;
    EXPECT_THROW(diag::Watchdog(), std::logic_error);
}

TEST(Watchdog, ALimitBelowAMillisecondIsRefused) {
    EXPECT_THROW(diag::Watchdog({.limit = 999us}), std::invalid_argument);
}

TEST(Watchdog, AnExceptionOfItsListenerEndsNothing) {
    const test::StderrCapture printed;
    const diag::Watchdog watchdog(
        {.limit = 2ms, .on_blocked = [](const diag::BlockedHub&) { throw std::runtime_error("no ears"); }});
    run([&] {
        spawn([] {
            while (test::StderrCapture::count("no ears") == 0) {
                ::usleep(500);
            }
        }).join();
    });
    EXPECT_EQ(test::StderrCapture::count("no ears"), 1U);
}

}  // namespace
}  // namespace weft
