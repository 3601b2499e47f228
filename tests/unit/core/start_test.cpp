// Starting fibers: later, when asked to, on another hub.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/dump.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Start);

constexpr SpawnOptions lazy{.lazy = true};

// CONFORMANCE 5
TEST_P(Start, ALazyFiberRunsOnceHoweverOftenItIsStarted) {
    int runs = 0;
    auto fiber = spawn(lazy, [&] { ++runs; });
    sleep_for(1ms);
    EXPECT_EQ(runs, 0);
    EXPECT_FALSE(fiber.ready());
    EXPECT_NE(dump_fibers().find("not started"), std::string::npos);
    fiber.start();
    fiber.start();
    EXPECT_EQ(runs, 0) << "start() queues it and goes on";
    fiber.join();
    fiber.start();
    sleep_for(1ms);
    EXPECT_EQ(runs, 1);
}

TEST_P(Start, TheOrderOfStartCountsNotThatOfMaking) {
    std::string order;
    auto a = spawn(lazy, [&] { order += 'a'; });
    auto b = spawn([&] { order += 'b'; });
    auto c = spawn(lazy, [&] { order += 'c'; });
    c.start();
    a.start();
    a.join();
    EXPECT_EQ(order, "bca");
}

TEST_P(Start, WhoWaitsForALazyFiberStartsIt) {
    EXPECT_EQ(spawn(lazy, [] { return 7; }).get(), 7);
    auto other = spawn(lazy, [] { return 8; });
    std::atomic<bool> done{false};
    std::thread waits([&] {
        EXPECT_EQ(other.get(), 8);
        done = true;
    });
    while (!done) {
        yield();
    }
    waits.join();
    bool ran = false;
    spawn(lazy, [&] { ran = true; }).detach();
    yield();
    EXPECT_TRUE(ran);
}

TEST_P(Start, ALazyFiberThatNobodyStartsNeverRunsAndKeepsNobody) {
    auto captured = std::make_shared<int>(0);
    bool ran = false;
    const auto body = [&ran, captured] { ran = true; };
    EXPECT_EQ(captured.use_count(), 2);
    {
        auto dropped = spawn(lazy, body);
        auto cancelled = spawn(lazy, body);
        auto killed = spawn(lazy, body);
        EXPECT_EQ(captured.use_count(), 5);
        cancelled.cancel();
        killed.kill(std::make_exception_ptr(std::runtime_error("mine")));
        EXPECT_THROW(cancelled.get(), Cancelled);
        EXPECT_THROW(killed.get(), std::runtime_error);
        EXPECT_EQ(captured.use_count(), 3);
    }
    EXPECT_EQ(captured.use_count(), 2);
    EXPECT_FALSE(ran);
}

// CONFORMANCE 6
TEST_P(Start, ADelayedFiberRunsOnceWhenItsTimeHasCome) {
    int runs = 0;
    const TimePoint before = now();
    TimePoint started;
    auto fiber = spawn_later(
        5ms,
        [&](int value, const std::unique_ptr<int>& moved) {
            started = now();
            ++runs;
            return value + *moved;
        },
        1, std::make_unique<int>(2));
    sleep_for(2ms);
    EXPECT_TRUE(runs == 0 || now() - before >= 5ms);
    EXPECT_EQ(fiber.get(), 3);
    EXPECT_GE(started - before, 5ms);
    EXPECT_EQ(runs, 1);
}

TEST_P(Start, TheDelayBeginsWithTheCall) {
    if (!on_virtual_time()) {
        return;
    }
    const TimePoint before = now();
    auto fiber = spawn_later(5ms, [] { return now(); });
    virtual_time().advance(3ms);
    EXPECT_EQ(fiber.get() - before, 5ms);
}

TEST_P(Start, ADelayedFiberThatIsCancelledOrKilledBeforeNeverRuns) {
    bool ran = false;
    const auto body = [&] { ran = true; };
    auto early = spawn_later(1h, body);
    early.cancel();
    EXPECT_THROW(early.get(), Cancelled);
    auto cancelled = spawn_later(1h, body);
    auto killed = spawn_later(1h, body);
    { auto dropped = spawn_later(1h, body); }
    yield();
    EXPECT_THROW((cancelled.cancel_and_join(), cancelled.get()), Cancelled);
    killed.kill_and_join(std::make_exception_ptr(std::runtime_error("mine")));
    EXPECT_THROW(killed.get(), std::runtime_error);
    EXPECT_FALSE(ran);
}

TEST_P(Start, KillAndJoinWaitsForTheEndAndSaysWhereThereIsNone) {
    auto undead = spawn([] {
        for (bool survived = false; !survived;) {
            try {
                sleep_for(1h);
            } catch (const FiberExit&) {
                survived = true;
            }
        }
        sleep_for(1h);
    });
    yield();
    EXPECT_THROW(undead.kill_and_join(nullptr, 1ms), TimeoutError);
    EXPECT_FALSE(undead.ready());
    undead.kill_and_join();
    EXPECT_TRUE(undead.ready());
    EXPECT_FALSE(undead.successful());
}

TEST_P(Start, SuccessIsToHaveReturned) {
    auto returns = spawn([] {});
    auto throws = spawn([] { throw std::runtime_error("lost"); });
    EXPECT_FALSE(returns.successful()) << "not yet";
    returns.join();
    throws.join();
    EXPECT_TRUE(returns.successful());
    EXPECT_FALSE(throws.successful());
    EXPECT_NE(throws.exception(), nullptr);
}

TEST(StartElsewhere, AFiberStartsOnTheHubThatIsNamed) {
    const test::Host host;
    EXPECT_EQ(spawn_on(
                  host.hub(), [](int n) { return std::pair(std::this_thread::get_id(), n); }, 3)
                  .get(),
              std::pair(host.id(), 3));
}

TEST(StartElsewhere, ALazyFiberOfAnotherHubWaitsForItsStartOrItsEnd) {
    const test::Host host;
    int runs = 0;
    const SpawnOptions there{.hub = host.hub(), .lazy = true};
    auto started = spawn(there, [&] { ++runs; });
    auto joined = spawn(there, [&] { ++runs; });
    auto killed = spawn(there, [&] { ++runs; });
    auto cancelled = spawn(there, [&] { ++runs; });
    {
        auto dropped = spawn(there, [&] { ++runs; });
    }
    spawn_on(host.hub(), [] {}).join();
    EXPECT_EQ(runs, 0);
    started.start();
    started.start();
    started.join();
    joined.join();
    killed.kill_and_join();
    cancelled.cancel_and_join();
    EXPECT_EQ(runs, 2);
}

TEST(StartElsewhere, AHubEndsItsUnstartedFibers) {
    run([] {
        auto captured = std::make_shared<int>(0);
        Fiber<> left;
        std::thread([&] { run([&] { left = spawn(lazy, [captured] {}); }); }).join();
        EXPECT_TRUE(left.ready());
        EXPECT_EQ(captured.use_count(), 1);
    });
}

}  // namespace
}  // namespace weft
