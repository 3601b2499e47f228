// Queue and its kin: order, limits, looking, resizing, ending.
#include <weft/channel/queue.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/channel/joinable_queue.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(QueueTest);

// CONFORMANCE 131
TEST_P(QueueTest, WhatIsPutAfterGettersHaveTimedOutStays) {
    Queue<int> queue;
    auto first = spawn([&] { EXPECT_THROW(queue.get(1ms), TimeoutError); });
    auto second = spawn([&] { EXPECT_THROW(queue.get(1ms), TimeoutError); });
    first.join();
    second.join();
    queue.put(1);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.try_get(), 1);
}

// CONFORMANCE 133
TEST_P(QueueTest, ALimitOfTheCallEndsItAndThatOfAScopePassesThrough) {
    Queue<int> queue(1);
    const TimePoint before = now();
    EXPECT_THROW(queue.get(2ms), TimeoutError);
    EXPECT_EQ(queue.try_get(), std::nullopt);
    queue.put(1);
    EXPECT_THROW(queue.put(2, 2ms), TimeoutError);
    EXPECT_FALSE(queue.try_put(2));
    EXPECT_GE(now() - before, 4ms);
    bool after = false;
    EXPECT_FALSE(move_on_after(2ms, [&] {
        queue.put(3);
        after = true;
    }));
    EXPECT_THROW(fail_after(2ms, [&] { queue.put(3); }), TimeoutError);
    EXPECT_FALSE(after);
    EXPECT_EQ(queue.get(0ms), 1);
    EXPECT_TRUE(queue.empty());
}

// CONFORMANCE 135
TEST_P(QueueTest, APeekedItemStaysAndAllWhoPeekSeeIt) {
    Queue<std::string> queue;
    EXPECT_EQ(queue.try_peek(), std::nullopt);
    auto one = spawn([&] { return queue.peek(); });
    auto two = spawn([&] { return queue.peek(); });
    testing::wait_all_parked();
    queue.put("a");
    EXPECT_EQ(one.get(), "a");
    EXPECT_EQ(two.get(), "a");
    EXPECT_EQ(queue.peek(), "a");
    EXPECT_EQ(queue.try_peek(), "a");
    EXPECT_EQ(queue.get(), "a");
    EXPECT_THROW(static_cast<void>(queue.peek(1ms)), TimeoutError);
}

TEST_P(QueueTest, AGetterIsServedBeforeWhoPeeks) {
    Queue<int> queue;
    auto peeker = spawn([&] { return queue.peek(); });
    testing::wait_all_parked();
    auto getter = spawn([&] { return queue.get(); });
    testing::wait_all_parked();
    queue.put(1);
    EXPECT_EQ(getter.get(), 1);
    EXPECT_FALSE(peeker.ready());
    queue.put(2);
    EXPECT_EQ(peeker.get(), 2);
}

// CONFORMANCE 136
TEST_P(QueueTest, PriorityAndLastInFirstOut) {
    static_assert(!std::copy_constructible<Queue<int>>, "two queues have nothing in common");
    PriorityQueue<int> smallest;
    PriorityQueue<std::string, std::greater<>> largest;
    LifoQueue<std::unique_ptr<int>> newest;
    for (const int item : {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}) {
        smallest.put(item);
        largest.put(std::to_string(item));
        newest.put(std::make_unique<int>(item));
    }
    EXPECT_EQ(smallest.peek(), 1);
    smallest.shutdown();
    int before = 0;
    for (const int item : smallest) {
        EXPECT_LE(before, item);
        before = item;
    }
    EXPECT_EQ(before, 9);
    EXPECT_EQ(largest.get(), "9");
    EXPECT_EQ(largest.get(), "8");
    EXPECT_EQ(*newest.get(), 8);
    EXPECT_EQ(*newest.get(), 5);
    newest.put(std::make_unique<int>(7));
    EXPECT_EQ(*newest.get(), 7);
}

TEST_P(QueueTest, AFullPriorityQueueTakesThePuttersInTheirOrder) {
    PriorityQueue<int> queue(2);
    queue.put(5);
    queue.put(6);
    auto first = spawn([&] { queue.put(9); });
    auto second = spawn([&] { queue.put(1); });
    testing::wait_all_parked();
    EXPECT_EQ(queue.get(), 5);
    EXPECT_EQ(queue.get(), 6) << "9 was the next to get in";
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get(), 9);
    first.join();
    second.join();
}

// CONFORMANCE 137
TEST_P(QueueTest, JoinWaitsUntilEachItemIsDone) {
    JoinableQueue<int> queue;
    queue.join();
    for (int i = 0; i < 3; ++i) {
        queue.put(i);
    }
    auto joiner = spawn([&] { queue.join(); });
    for (int i = 0; i < 3; ++i) {
        testing::wait_all_parked();
        EXPECT_FALSE(joiner.ready());
        EXPECT_EQ(queue.get(), i);
        queue.task_done();
    }
    joiner.join();
    queue.join();
    EXPECT_DEATH(queue.task_done(), "task_done of a JoinableQueue without a task");
}

TEST_P(QueueTest, WhatHasNotBeenPutInIsNoTask) {
    JoinableQueue<int> queue(1);
    queue.put(1);
    EXPECT_FALSE(queue.try_put(2));
    EXPECT_THROW(queue.put(2, 1ms), TimeoutError);
    EXPECT_THROW(queue.join(1ms), TimeoutError);
    EXPECT_EQ(queue.get(), 1);
    queue.task_done();
    queue.join();
    queue.put(3);
    queue.shutdown(true);
    queue.join();
    EXPECT_THROW(queue.put(4), ChannelClosed);
    queue.join();
}

// CONFORMANCE 138
TEST_P(QueueTest, ShutdownEndsPuttersAndDrainsAtOnceOrByGetters) {
    for (const bool immediate : {false, true}) {
        Queue<int> queue(1);
        queue.put(1);
        auto blocked = spawn([&] { EXPECT_THROW(queue.put(2), ChannelClosed); });
        testing::wait_all_parked();
        queue.shutdown(immediate);
        blocked.join();
        EXPECT_TRUE(queue.is_shut_down());
        EXPECT_THROW(queue.put(3), ChannelClosed);
        if (!immediate) {
            EXPECT_EQ(queue.get(), 1);
        }
        EXPECT_THROW(queue.get(), ChannelClosed);
        EXPECT_THROW(static_cast<void>(queue.peek()), ChannelClosed);
        EXPECT_EQ(queue.next(), std::nullopt);
        Queue<int> empty;
        auto getter = spawn([&] { EXPECT_THROW(empty.get(), ChannelClosed); });
        auto peeker = spawn([&] { EXPECT_THROW(static_cast<void>(empty.peek()), ChannelClosed); });
        testing::wait_all_parked();
        empty.shutdown(immediate);
        getter.join();
        peeker.join();
    }
}

// CONFORMANCE 140
TEST_P(QueueTest, GrowingLetsPuttersInAndShrinkingKeepsItems) {
    Queue<int> queue(1);
    std::vector<Fiber<>> putters;
    for (int i = 0; i < 20; ++i) {
        putters.push_back(spawn([&, i] { queue.put(i); }));
    }
    testing::wait_all_parked();
    EXPECT_EQ(queue.size(), 1U);
    queue.resize(19);
    EXPECT_EQ(queue.size(), 19U);
    queue.resize(2);
    EXPECT_EQ(queue.capacity(), 2U);
    EXPECT_EQ(queue.size(), 19U);
    EXPECT_FALSE(queue.try_put(99));
    for (int i = 0; i < 18; ++i) {
        EXPECT_EQ(queue.get(), i);
        EXPECT_EQ(putters[19].ready(), false);
    }
    testing::wait_all_parked();
    EXPECT_TRUE(putters[19].ready());
    EXPECT_EQ(queue.get(), 18);
    EXPECT_EQ(queue.get(), 19);
    EXPECT_DEATH(queue.resize(0), "a Queue without room");
}

}  // namespace
}  // namespace weft
