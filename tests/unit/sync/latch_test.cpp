// Latch, WaitGroup, Barrier, Once: who goes on when, and what an interrupted wait takes back.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/once.hpp>
#include <weft/sync/wait_group.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(LatchTest);
WEFT_HUB_SUITE(WaitGroupTest);
WEFT_HUB_SUITE(BarrierTest);
WEFT_HUB_SUITE(OnceTest);

TEST_P(LatchTest, OpensWhenAllHasBeenCountedDownAndStaysOpen) {
    Latch latch(3);
    auto waiter = spawn([&] { latch.wait(); });
    latch.count_down();
    testing::wait_all_parked();
    EXPECT_FALSE(latch.try_wait());
    EXPECT_FALSE(waiter.ready());
    EXPECT_THROW(latch.wait(1ms), TimeoutError);
    latch.count_down(2);
    waiter.get();
    latch.wait();
    EXPECT_TRUE(latch.try_wait());
    Latch(0).wait();
}

TEST_P(LatchTest, AnArrivalThatIsInterruptedIsTakenBack) {
    Latch latch(2);
    EXPECT_THROW(latch.arrive_and_wait(1, 1ms), TimeoutError);
    auto cancelled = spawn([&] { latch.arrive_and_wait(); });
    testing::wait_all_parked();
    cancelled.cancel();
    EXPECT_THROW(cancelled.get(), Cancelled);
    auto first = spawn([&] { latch.arrive_and_wait(); });
    testing::wait_all_parked();
    EXPECT_FALSE(first.ready()) << "two are still needed";
    latch.arrive_and_wait();
    first.get();
}

TEST_P(LatchTest, MisuseStopsTheProgram) {
    Latch latch(1);
    EXPECT_DEATH(latch.count_down(2), "a Latch of 1 is counted down by 2");
    EXPECT_DEATH(Latch(UINT32_MAX), "a Latch of 4294967295");
}

TEST_P(LatchTest, IsOneOfSeveralThingsToWaitFor) {
    Latch never_open(1);
    WaitGroup jobs(1);
    auto worker = spawn([&] { jobs.done(); });
    EXPECT_EQ(wait_any({never_open, jobs}), 1U);
}

TEST_P(WaitGroupTest, WaitsWhileThereAreJobsAndMayBeUsedAgain) {
    WaitGroup jobs;
    jobs.wait();
    for (int round = 0; round < 2; ++round) {
        std::vector<Fiber<>> workers;
        int done = 0;
        for (int i = 0; i < 3; ++i) {
            jobs.add();
            workers.push_back(spawn([&] {
                sleep_for(1ms);
                ++done;
                jobs.done();
            }));
        }
        EXPECT_EQ(jobs.count(), 3U);
        EXPECT_THROW(jobs.wait(0ms), TimeoutError);
        jobs.wait();
        EXPECT_EQ(done, 3);
    }
    EXPECT_DEATH(jobs.done(), "a WaitGroup of 0 is counted down by 1");
    jobs.add(impl::Countdown::largest);
    EXPECT_DEATH(jobs.add(), "a WaitGroup of more than");
}

TEST_P(WaitGroupTest, JobsMayBeDoneByThreads) {
    const testing::VirtualTime::Hold hold;
    WaitGroup jobs(2);
    std::thread one([&] { jobs.done(); });
    std::thread other([&] {
        jobs.done();
        jobs.wait();
    });
    jobs.wait();
    one.join();
    other.join();
}

TEST_P(BarrierTest, TheLastLetsAllGoOnAndTheNextRoundBegins) {
    Barrier barrier(3);
    std::string steps;
    int last = 0;
    std::vector<Fiber<>> parties;
    for (int i = 0; i < 3; ++i) {
        parties.push_back(spawn([&] {
            for (const char round : std::string("abc")) {
                steps += round;
                last += barrier.arrive_and_wait() ? 1 : 0;
            }
        }));
    }
    for (auto& party : parties) {
        party.get();
    }
    EXPECT_EQ(steps, "aaabbbccc");
    EXPECT_EQ(last, 3) << "one in each round";
    EXPECT_EQ(barrier.waiting(), 0U);
}

TEST_P(BarrierTest, AnArrivalThatIsInterruptedHasNotTakenPlace) {
    Barrier barrier(2);
    EXPECT_THROW(barrier.arrive_and_wait(1ms), TimeoutError);
    auto killed = spawn([&] { barrier.arrive_and_wait(); });
    testing::wait_all_parked();
    EXPECT_EQ(barrier.waiting(), 1U);
    killed.kill();
    EXPECT_THROW(killed.get(), FiberExit);
    EXPECT_EQ(barrier.waiting(), 0U);
    auto first = spawn([&] { return barrier.arrive_and_wait(); });
    yield();
    EXPECT_TRUE(barrier.arrive_and_wait());
    EXPECT_FALSE(first.get());
}

TEST_P(BarrierTest, WhoDropsOutIsNotWaitedFor) {
    Barrier barrier(2);
    auto party = spawn([&] { return barrier.arrive_and_wait(); });
    testing::wait_all_parked();
    barrier.drop();
    EXPECT_FALSE(party.get());
    EXPECT_TRUE(barrier.arrive_and_wait()) << "alone";
    EXPECT_DEATH(barrier.drop(), "the last party of a Barrier drops out");
    EXPECT_DEATH(Barrier(0), "a Barrier for nobody");
}

TEST_P(OnceTest, TheFirstDoesItAndTheOthersWaitForIt) {
    Once once;
    int calls = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 5; ++i) {
        fibers.push_back(spawn([&] {
            once.call(
                [&](int by) {
                    sleep_for(1ms);
                    calls += by;
                },
                1);
            EXPECT_EQ(calls, 1);
        }));
    }
    EXPECT_FALSE(once.is_done());
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_TRUE(once.is_done());
    once.call([] { FAIL(); });
}

TEST_P(OnceTest, IfItFailsTheNextInLineDoesIt) {
    Once once;
    std::string steps;
    auto attempt = [&](char name, bool succeeds) {
        once.call([&] {
            steps += name;
            sleep_for(1ms);
            if (!succeeds) {
                throw std::runtime_error("failed");
            }
        });
    };
    auto a = spawn(attempt, 'a', false);
    auto b = spawn(attempt, 'b', false);
    auto c = spawn(attempt, 'c', true);
    auto d = spawn(attempt, 'd', true);
    EXPECT_THROW(a.get(), std::runtime_error);
    EXPECT_THROW(b.get(), std::runtime_error);
    c.get();
    d.get();
    EXPECT_EQ(steps, "abc");
}

TEST_P(OnceTest, IfTheCallIsCancelledTheNextInLineDoesItAndAWaiterMayGiveUp) {
    Once once;
    int done = 0;
    auto first = spawn([&] { once.call([] { sleep_for(1h); }); });
    auto gives_up = spawn([&] { once.call([&] { ++done; }); });
    auto second = spawn([&] { once.call([&] { ++done; }); });
    testing::wait_all_parked();
    gives_up.cancel();
    testing::wait_all_parked();
    first.cancel();
    second.get();
    EXPECT_EQ(done, 1);
    EXPECT_THROW(gives_up.get(), Cancelled);
}

}  // namespace
}  // namespace weft
