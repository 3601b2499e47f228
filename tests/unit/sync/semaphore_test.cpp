// Semaphore: units, their order, their bound.
#include <weft/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(SemaphoreTest);

TEST_P(SemaphoreTest, CountsItsUnits) {
    Semaphore semaphore(2);
    semaphore.acquire();
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
    semaphore.release(3);
    EXPECT_EQ(semaphore.available(), 3U);
    semaphore.release(0);
    EXPECT_EQ(semaphore.available(), 3U);
}

TEST_P(SemaphoreTest, ReleaseOfSeveralServesSeveralAndKeepsTheRest) {
    Semaphore semaphore(0);
    std::vector<int> order;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&, i] {
            semaphore.acquire();
            order.push_back(i);
        }));
    }
    testing::wait_all_parked();
    semaphore.release(2);
    EXPECT_EQ(semaphore.available(), 0U);
    testing::wait_all_parked();
    EXPECT_EQ(order, (std::vector{0, 1}));
    semaphore.release(5);
    fibers[2].join();
    EXPECT_EQ(semaphore.available(), 4U);
}

// CONFORMANCE 113
TEST_P(SemaphoreTest, TheEarliestIsServedFirstAndWhoTimedOutIsSkipped) {
    Semaphore semaphore(1);
    std::vector<int> order;
    semaphore.acquire();
    auto gives_up = spawn([&] { EXPECT_FALSE(semaphore.try_acquire_for(1ms)); });
    auto use = [&](int who) {
        semaphore.acquire();
        order.push_back(who);
        semaphore.release();
    };
    auto first = spawn(use, 1);
    auto second = spawn(use, 2);
    gives_up.join();
    auto third = spawn(use, 3);
    testing::wait_all_parked();
    semaphore.release();
    third.join();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    EXPECT_EQ(semaphore.available(), 1U);
}

// CONFORMANCE 114
TEST_P(SemaphoreTest, FibersThatUseItInALoopGetEqualShares) {
    Semaphore semaphore(1);
    std::array<int, 10> shares{};
    bool more = true;
    std::vector<Fiber<>> fibers;
    for (int& share : shares) {
        fibers.push_back(spawn([&] {
            while (more) {
                semaphore.acquire();
                ++share;
                yield();
                semaphore.release();  // and asks for it again at once
            }
        }));
    }
    for (int i = 0; i < 1000; ++i) {
        yield();
    }
    more = false;
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
    EXPECT_GT(*least, 10);
    EXPECT_LE(*most - *least, 1);
}

// CONFORMANCE 115
TEST_P(SemaphoreTest, PastItsLimitAcquireLeavesTheUnitsAsTheyWere) {
    Semaphore semaphore(0);
    const TimePoint before = now();
    EXPECT_FALSE(semaphore.try_acquire_for(2ms));
    EXPECT_FALSE(semaphore.try_acquire_until(now() + 2ms));
    EXPECT_THROW(semaphore.acquire(2ms), TimeoutError);
    EXPECT_GE(now() - before, 6ms);
    EXPECT_EQ(semaphore.available(), 0U);
    semaphore.release();
    EXPECT_EQ(semaphore.available(), 1U);
    EXPECT_TRUE(semaphore.try_acquire_for(0s)) << "what is there is taken, whatever the limit";
}

// CONFORMANCE 116
TEST_P(SemaphoreTest, ReleaseBeyondTheBoundStopsTheProgram) {
    Semaphore semaphore(1, 2);
    semaphore.release();
    EXPECT_DEATH(semaphore.release(), "release of 1 units makes more than the 2 of the semaphore's bound");
    EXPECT_DEATH(Semaphore(3, 2), "a Semaphore of 3 units with bound 2");
}

TEST_P(SemaphoreTest, AUnitThatRacesACancellationIsKept) {
    Semaphore semaphore(0);
    bool got = false;
    auto waiter = spawn([&] {
        semaphore.acquire();
        got = true;
        yield();
    });
    testing::wait_all_parked();
    semaphore.release();
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_TRUE(got);
    EXPECT_EQ(semaphore.available(), 0U);
}

TEST_P(SemaphoreTest, AUnitIsNotGivenToOneThatWasCancelledBefore) {
    Semaphore semaphore(0);
    auto cancelled = spawn([&] { semaphore.acquire(); });
    bool got = false;
    auto other = spawn([&] {
        semaphore.acquire();
        got = true;
    });
    testing::wait_all_parked();
    cancelled.cancel();
    semaphore.release();
    other.join();
    EXPECT_TRUE(got);
    EXPECT_THROW(cancelled.get(), Cancelled);
}

TEST_P(SemaphoreTest, ThreadsWithoutAHubTakeAndGive) {
    Semaphore to_thread(0);
    Semaphore from_thread(0);
    const testing::VirtualTime::Hold hold;
    std::thread thread([&] {
        for (int i = 0; i < 100; ++i) {
            to_thread.acquire();
            from_thread.release();
        }
    });
    for (int i = 0; i < 100; ++i) {
        to_thread.release();
        from_thread.acquire();
    }
    thread.join();
    EXPECT_EQ(to_thread.available() + from_thread.available(), 0U);
}

}  // namespace
}  // namespace weft
