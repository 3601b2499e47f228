// Waiting for a fiber: join, get, from where, with what limit; and what becomes of errors that nobody
// collects.
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Join);

// CONFORMANCE 3
TEST_P(Join, AnErrorIsKeptAndThrownAtEachGet) {
    const test::StderrCapture capture;
    {
        auto fiber = spawn([]() -> int { throw std::runtime_error("boom"); });
        fiber.join();
        EXPECT_TRUE(fiber.ready());
        for (int i = 0; i < 3; ++i) {
            try {
                fiber.get();
                FAIL() << "get() has to throw";
            } catch (const std::runtime_error& error) {
                EXPECT_STREQ(error.what(), "boom");
            }
        }
        EXPECT_NE(fiber.exception(), nullptr);
    }
    EXPECT_EQ(capture.str(), "") << "collected errors are not reported";
}

// CONFORMANCE 8
TEST_P(Join, PastItsDeadlineItThrowsAndTheFiberGoesOn) {
    bool done = false;
    auto fiber = spawn([&] {
        sleep_for(20ms);
        done = true;
    });
    EXPECT_THROW(fiber.join(1ms), TimeoutError);
    EXPECT_FALSE(done);
    EXPECT_FALSE(fiber.ready());
    fiber.join();
    EXPECT_TRUE(done);
}

// CONFORMANCE 9
TEST_P(Join, GetPastItsDeadlineThrowsAndTheFiberGoesOn) {
    auto fiber = spawn([] {
        sleep_for(20ms);
        return 5;
    });
    const TimePoint before = now();
    EXPECT_THROW(fiber.get(1ms), TimeoutError);
    EXPECT_GE(now() - before, 1ms);
    EXPECT_EQ(fiber.get(), 5);
}

// CONFORMANCE 10
TEST_P(Join, WithADeadlineOfZeroItNeverWaitsForLong) {
    auto fiber = spawn([] {
        sleep_for(1h);
        return 5;
    });
    const TimePoint before = now();
    EXPECT_THROW(fiber.get(0ms), TimeoutError);
    EXPECT_THROW(fiber.get(TimePoint{}), TimeoutError) << "long past";
    EXPECT_LT(now() - before, 1h);
    auto ready = spawn([] { return 1; });
    ready.join();
    EXPECT_EQ(ready.get(0ms), 1) << "what is ready is taken, whatever the deadline";
}

TEST_P(Join, TheTimeoutErrorIsASystemErrorThatSaysSo) {
    auto fiber = spawn([] { sleep_for(1h); });
    try {
        fiber.join(0ms);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::timed_out);
        EXPECT_NE(std::string(error.what()).find("join"), std::string::npos);
    }
}

TEST_P(Join, AFinishedFiberIsJoinedAtOnceAnyNumberOfTimes) {
    auto fiber = spawn([] {});
    fiber.join();
    fiber.join();
    fiber.join(0ms);
    EXPECT_TRUE(fiber.ready());
}

TEST_P(Join, SeveralJoinersAllWakeInTheOrderInWhichTheyCame) {
    std::vector<int> order;
    auto target = spawn([] { sleep_for(1ms); });
    std::vector<Fiber<>> joiners;
    for (int i = 0; i < 5; ++i) {
        joiners.push_back(spawn([&, i] {
            target.join();
            order.push_back(i);
        }));
    }
    for (const auto& joiner : joiners) {
        joiner.join();
    }
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_P(Join, AJoinerThatGivesUpLeavesTheOthersInTheirPlaces) {
    std::vector<int> order;
    auto target = spawn([] { sleep_for(10ms); });
    std::vector<Fiber<>> joiners;
    for (int i = 0; i < 3; ++i) {
        joiners.push_back(spawn([&, i] {
            try {
                target.join(i == 1 ? Deadline(1ms) : never);
                order.push_back(i);
            } catch (const TimeoutError&) {
                order.push_back(-i);
            }
        }));
    }
    for (const auto& joiner : joiners) {
        joiner.join();
    }
    EXPECT_EQ(order, (std::vector<int>{-1, 0, 2}));
}

TEST_P(Join, ThreadsWithoutAHubJoinAndGet) {
    auto fiber = spawn([] {
        sleep_for(1ms);
        return 7;
    });
    int got = 0;
    bool timed_out = false;
    std::thread plain([&] {
        try {
            fiber.join(0ms);
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        got = fiber.get();
        EXPECT_EQ(impl::Hub::current(), nullptr);
    });
    fiber.join();
    plain.join();
    EXPECT_EQ(got, 7);
}

TEST_P(Join, FibersOfOtherHubsJoinAndGet) {
    auto fiber = spawn([] {
        sleep_for(1ms);
        return 7;
    });
    int got = 0;
    std::thread other([&] { got = run([&] { return spawn([&] { return fiber.get(); }).get(); }); });
    fiber.join();
    other.join();
    EXPECT_EQ(got, 7);
}

TEST_P(Join, TheHandlesDestructorCancelsAndJoins) {
    bool cleaned = false;
    {
        auto fiber = spawn([&] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                cleaned = true;
                throw;
            }
        });
        yield();
    }
    EXPECT_TRUE(cleaned);
}

TEST_P(Join, AnErrorThrownWhileTheHandleEndsTheFiberIsReportedAndStaysInside) {
    const test::StderrCapture capture;
    {
        auto fiber = spawn(SpawnOptions{.name = "sulky"}, [] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                throw std::runtime_error("something else");
            }
        });
        yield();
    }
    EXPECT_EQ(capture.count("\"sulky\""), 1U) << capture.str();
    EXPECT_EQ(capture.count("something else"), 1U) << capture.str();
}

TEST_P(Join, AssigningToAHandleEndsTheFiberItHad) {
    bool first_ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    auto fiber = spawn([&] {
        const Note note{first_ended};
        sleep_for(1h);
    });
    yield();
    fiber = spawn([] {});
    EXPECT_TRUE(first_ended);
    fiber.join();
}

TEST_P(Join, AHandleDestroyedByAThreadWithoutAHubEndsItsFiber) {
    auto fiber = spawn([] { sleep_for(1h); });
    yield();
    const FiberRef ref = fiber.ref();
    auto guard = spawn([] { sleep_for(10min); });  // the hub has to look at its inbox, not only at the clock
    std::thread([owned = std::move(fiber)]() mutable { owned = {}; }).detach();
    while (ref.alive()) {
        yield();
    }
    guard.cancel();
}

TEST_P(Join, ADetachedFiberGoesOnAlone) {
    bool done = false;
    auto fiber = spawn([&] {
        sleep_for(1ms);
        done = true;
    });
    const FiberRef ref = fiber.ref();
    fiber.detach();
    EXPECT_FALSE(fiber.valid());
    sleep_for(5ms);
    while (ref.alive()) {
        sleep_for(1ms);
    }
    EXPECT_TRUE(done);
}

// CONFORMANCE 25
TEST_P(Join, AnErrorThatNobodyCollectsIsReportedOnceWithTheFibersName) {
    const test::StderrCapture capture;
    spawn(SpawnOptions{.name = "careless"}, [] { throw std::runtime_error("lost"); }).join();
    EXPECT_EQ(capture.count("\"careless\""), 1U) << capture.str();
    EXPECT_EQ(capture.count("std::runtime_error: lost"), 1U) << capture.str();
    EXPECT_EQ(spawn([] { return 1; }).get(), 1) << "the program goes on";
    EXPECT_EQ(capture.count("weft:"), 1U) << capture.str();
}

TEST_P(Join, DetachedFibersReportTheirErrorsWhenTheyEnd) {
    const test::StderrCapture capture;
    spawn_detached(SpawnOptions{.name = "gone"}, [] { throw 42; });
    EXPECT_EQ(capture.str(), "");
    yield();
    EXPECT_EQ(capture.count("\"gone\""), 1U) << capture.str();
    EXPECT_EQ(capture.count("of type int"), 1U) << capture.str();
}

TEST_P(Join, SeenErrorsAndAskedForEndsAreNotReported) {
    const test::StderrCapture capture;
    {
        auto seen = spawn([] { throw std::runtime_error("seen"); });
        seen.join();
        EXPECT_NE(seen.exception(), nullptr);
        auto cancelled = spawn([] { sleep_for(1h); });
        auto killed = spawn([] { sleep_for(1h); });
        yield();
        cancelled.cancel();
        killed.kill();
        cancelled.join();
        killed.join();
    }
    spawn_detached([] { throw FiberExit{}; });
    yield();
    EXPECT_EQ(capture.str(), "");
}

// CONFORMANCE 80
TEST_P(Join, AnErrorInAFiberLeavesMainAlone) {
    const test::StderrCapture capture;
    spawn_detached([] { throw std::runtime_error("not main's"); });
    EXPECT_NO_THROW(sleep_for(1ms));
    EXPECT_EQ(capture.count("not main's"), 1U);
}

}  // namespace
}  // namespace weft
