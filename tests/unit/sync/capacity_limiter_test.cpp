// CapacityLimiter: who has a token, and what a change of the total does.
#include <weft/sync/capacity_limiter.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(CapacityLimiterTest);

// CONFORMANCE 126
TEST_P(CapacityLimiterTest, TokensAreLentToBorrowersAndTheTotalChangesLive) {
    CapacityLimiter limiter(1);
    const int request = 0;
    limiter.acquire_on_behalf_of(&request);
    EXPECT_FALSE(limiter.try_acquire());
    EXPECT_THROW(limiter.acquire(1ms), TimeoutError);
    Event finish;
    std::vector<int> order;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&, i] {
            limiter.acquire();
            order.push_back(i);
            finish.wait();
            limiter.release();
        }));
    }
    testing::wait_all_parked();
    EXPECT_TRUE(order.empty());
    limiter.set_total(3);
    testing::wait_all_parked();
    EXPECT_EQ(order, (std::vector{0, 1}));
    EXPECT_EQ(limiter.borrowed(), 3U);
    limiter.set_total(0);
    EXPECT_EQ(limiter.total(), 0U);
    finish.set();
    testing::wait_all_parked();
    EXPECT_EQ(limiter.borrowed(), 1U) << "those who had a token have kept it";
    EXPECT_FALSE(fibers[2].ready());
    limiter.release_on_behalf_of(&request);
    limiter.set_total(1);
    fibers[2].get();
    EXPECT_EQ(limiter.borrowed(), 0U);
}

TEST_P(CapacityLimiterTest, BorrowingTwiceAndReturningWhatWasNotBorrowedStopTheProgram) {
    CapacityLimiter limiter(2);
    EXPECT_TRUE(limiter.try_acquire());
    EXPECT_DEATH(limiter.acquire(), "a CapacityLimiter lends twice to the same borrower");
    spawn([&] {
        EXPECT_DEATH(limiter.release(), "release of a token of a CapacityLimiter that was not borrowed");
    }).get();
    limiter.release();
    EXPECT_DEATH(limiter.release(), "was not borrowed");
}

TEST_P(CapacityLimiterTest, AWaiterThatIsCancelledMayComeAgain) {
    CapacityLimiter limiter(1);
    limiter.acquire();
    const int borrower = 0;
    auto waiter = spawn([&] { limiter.acquire_on_behalf_of(&borrower); });
    testing::wait_all_parked();
    EXPECT_DEATH(limiter.release_on_behalf_of(&borrower), "was not borrowed");
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    limiter.release();
    EXPECT_TRUE(limiter.try_acquire_on_behalf_of(&borrower));
    limiter.release_on_behalf_of(&borrower);
}

TEST_P(CapacityLimiterTest, IsSharedWithThreads) {
    CapacityLimiter limiter(1);
    const testing::VirtualTime::Hold hold;
    std::thread thread([&] {
        for (int i = 0; i < 100; ++i) {
            limiter.acquire();
            limiter.release();
        }
    });
    for (int i = 0; i < 100; ++i) {
        limiter.acquire();
        limiter.release();
    }
    thread.join();
    EXPECT_EQ(limiter.borrowed(), 0U);
}

}  // namespace
}  // namespace weft
