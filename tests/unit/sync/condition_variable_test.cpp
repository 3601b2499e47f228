// ConditionVariable: who is notified, and that the mutex is always locked again.
#include <weft/sync/condition_variable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
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

WEFT_HUB_SUITE(Condition);

struct Shared {
    Mutex mutex;
    ConditionVariable condition;
    std::deque<int> items;
    std::vector<int> order;

    Fiber<> waiter(int who) {
        return spawn([this, who] {
            std::unique_lock lock(mutex);
            condition.wait(lock);
            order.push_back(who);
        });
    }
};

/// One form of the wait for a predicate.
struct PredicateWait {
    const char* form;
    void (*call)(ConditionVariable&, std::unique_lock<Mutex>&, const std::function<bool()>&);
};

/// All of them, with limits that are not reached.
const PredicateWait predicate_waits[] = {
    {"wait(lock, ready)",
     [](auto& condition, auto& lock, const auto& ready) { condition.wait(lock, ready); }},
    {"wait(lock, ready, deadline)",
     [](auto& condition, auto& lock, const auto& ready) { condition.wait(lock, ready, 1h); }},
    {"wait_for", [](auto& condition, auto& lock, const auto& ready) { condition.wait_for(lock, 1h, ready); }},
    {"wait_until",
     [](auto& condition, auto& lock, const auto& ready) { condition.wait_until(lock, now() + 1h, ready); }},
};

struct OwnError {};

/// A wait with a predicate that throws when it is called for the n-th time. Expects that what it throws is what
/// comes out, and that the caller has the mutex then.
void expect_error_of_call(int n, Shared& shared, const PredicateWait& wait) {
    const std::exception_ptr error = std::make_exception_ptr(OwnError{});
    std::exception_ptr caught;
    std::unique_lock lock(shared.mutex);
    try {
        wait.call(shared.condition, lock, [&] {
            if (--n == 0) {
                std::rethrow_exception(error);
            }
            return false;
        });
    } catch (...) {
        caught = std::current_exception();
    }
    EXPECT_EQ(caught, error) << "this very object";
    EXPECT_TRUE(lock.owns_lock());
    EXPECT_FALSE(shared.mutex.try_lock());
}

/// Whoever had been left in the queue would come before a new one.
void expect_nobody_in_the_queue(Shared& shared) {
    shared.order.clear();
    auto fresh = shared.waiter(1);
    testing::wait_all_parked();
    shared.condition.notify_one();
    testing::wait_all_parked();
    EXPECT_EQ(shared.order, (std::vector{1}));
}

TEST_P(Condition, NotifyOneEndsTheLongestWaitAndNotifyAllTheOthers) {
    Shared shared;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 4; ++i) {
        fibers.push_back(shared.waiter(i));
    }
    testing::wait_all_parked();
    shared.condition.notify_one();
    testing::wait_all_parked();
    EXPECT_EQ(shared.order, (std::vector{0}));
    shared.condition.notify_all();
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(shared.order, (std::vector{0, 1, 2, 3}));
}

TEST_P(Condition, ANotificationThatNobodyWaitsForIsNotKept) {
    Shared shared;
    shared.condition.notify_one();
    shared.condition.notify_all();
    std::unique_lock lock(shared.mutex);
    EXPECT_EQ(shared.condition.wait_for(lock, 1ms), std::cv_status::timeout);
    EXPECT_TRUE(lock.owns_lock());
}

TEST_P(Condition, APredicateIsAwaitedUnderTheMutex) {
    Shared shared;
    int sum = 0;
    auto consumer = spawn([&] {
        for (int i = 0; i < 100; ++i) {
            std::unique_lock lock(shared.mutex);
            shared.condition.wait(lock, [&] { return !shared.items.empty(); });
            sum += shared.items.front();
            shared.items.pop_front();
        }
    });
    for (int i = 0; i < 100; ++i) {
        const std::lock_guard guard(shared.mutex);
        shared.items.push_back(i);
        shared.condition.notify_one();
        yield();
    }
    consumer.get();
    EXPECT_EQ(sum, 4950);
}

TEST_P(Condition, ALimitHoldsForAllTurnsOfAPredicate) {
    Shared shared;
    auto nudge = spawn([&] {
        for (;;) {
            sleep_for(1ms);
            shared.condition.notify_all();
        }
    });
    const TimePoint before = now();
    std::unique_lock lock(shared.mutex);
    const auto no = [] { return false; };
    EXPECT_FALSE(shared.condition.wait_for(lock, 5ms, no));
    EXPECT_FALSE(shared.condition.wait_until(lock, now() + 5ms, no));
    EXPECT_THROW(shared.condition.wait(lock, no, 5ms), TimeoutError);
    EXPECT_GE(now() - before, 15ms);
    EXPECT_TRUE(lock.owns_lock());
    // On real time a notification may come before a limit that is due at once, and then counts.
    nudge.kill();
    nudge.join();
    EXPECT_EQ(shared.condition.wait_until(lock, now() - 1ms), std::cv_status::timeout);
    EXPECT_THROW(shared.condition.wait(lock, 0s), TimeoutError);
    EXPECT_TRUE(shared.condition.wait_for(lock, 0s, [] { return true; }));
}

TEST_P(Condition, APredicateThatThrowsBeforeTheWaitLeavesTheMutexLockedAndNobodyInTheQueue) {
    for (const PredicateWait& wait : predicate_waits) {
        SCOPED_TRACE(wait.form);
        Shared shared;
        expect_error_of_call(1, shared, wait);
        expect_nobody_in_the_queue(shared);
    }
}

TEST_P(Condition, APredicateThatThrowsOnceNotifiedLeavesTheMutexLockedAndTheNextNotificationToOthers) {
    for (const PredicateWait& wait : predicate_waits) {
        SCOPED_TRACE(wait.form);
        Shared shared;
        auto thrower = spawn([&] { expect_error_of_call(2, shared, wait); });
        testing::wait_all_parked();
        auto other = shared.waiter(2);
        testing::wait_all_parked();
        shared.condition.notify_one();
        testing::wait_all_parked();
        EXPECT_TRUE(thrower.ready());
        EXPECT_TRUE(shared.order.empty()) << "that notification was the first one's";
        shared.condition.notify_one();
        testing::wait_all_parked();
        EXPECT_EQ(shared.order, (std::vector{2}));
        expect_nobody_in_the_queue(shared);
    }
}

TEST_P(Condition, APredicateThatThrowsPastTheLimitLeavesTheMutexLockedAndNobodyInTheQueue) {
    // At its last call nothing has notified it.
    constexpr PredicateWait limited[] = {
        {"wait(lock, ready, deadline)",
         [](auto& condition, auto& lock, const auto& ready) { condition.wait(lock, ready, 1ms); }},
        {"wait_for",
         [](auto& condition, auto& lock, const auto& ready) { condition.wait_for(lock, 1ms, ready); }},
        {"wait_until", [](auto& condition, auto& lock,
                          const auto& ready) { condition.wait_until(lock, now() + 1ms, ready); }},
    };
    for (const PredicateWait& wait : limited) {
        SCOPED_TRACE(wait.form);
        Shared shared;
        expect_error_of_call(2, shared, wait);
        expect_nobody_in_the_queue(shared);
    }
}

// CONFORMANCE 125
TEST_P(Condition, TheMutexIsFreeDuringTheWaitAndLockedAfterItAlsoWhenCancelled) {
    Shared shared;
    bool held_after = false;
    auto waiter = spawn([&] {
        std::unique_lock lock(shared.mutex);
        try {
            shared.condition.wait(lock);
        } catch (const Cancelled&) {
            held_after = lock.owns_lock() && !shared.mutex.try_lock();
            throw;
        }
    });
    testing::wait_all_parked();
    ASSERT_TRUE(shared.mutex.try_lock()) << "free while it waits";
    waiter.cancel();
    testing::wait_all_parked();
    EXPECT_FALSE(waiter.ready()) << "locking again is not interrupted";
    shared.mutex.unlock();
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_TRUE(held_after);
    EXPECT_TRUE(shared.mutex.try_lock());
    shared.mutex.unlock();
}

TEST_P(Condition, KilledTwiceWhileItLocksAgainItIsKilledWithTheMutex) {
    Shared shared;
    auto waiter = shared.waiter(0);
    testing::wait_all_parked();
    shared.mutex.lock();
    waiter.kill();
    testing::wait_all_parked();
    waiter.kill();
    testing::wait_all_parked();
    EXPECT_FALSE(waiter.ready());
    shared.mutex.unlock();
    EXPECT_THROW(waiter.get(), FiberExit);
    EXPECT_TRUE(shared.order.empty());
    EXPECT_TRUE(shared.mutex.try_lock());
    shared.mutex.unlock();
}

TEST_P(Condition, ANotificationIsNeverLostToACancelledWaiter) {
    Shared shared;
    auto first = shared.waiter(1);
    auto second = shared.waiter(2);
    testing::wait_all_parked();
    first.cancel();
    shared.condition.notify_one();
    second.join();
    EXPECT_EQ(shared.order, (std::vector{2})) << "cancelled before: the next one gets it";
    EXPECT_THROW(first.get(), Cancelled);

    auto third = shared.waiter(3);
    testing::wait_all_parked();
    shared.condition.notify_one();
    third.cancel();
    third.join();
    EXPECT_EQ(shared.order, (std::vector{2, 3})) << "notified before: it has not been cancelled";
}

TEST_P(Condition, WaitingWithoutTheMutexStopsTheProgram) {
    Shared shared;
    std::unique_lock lock(shared.mutex, std::defer_lock);
    EXPECT_DEATH(shared.condition.wait(lock), "wait for a ConditionVariable without its mutex");
}

TEST_P(Condition, ThreadsWithoutAHubWaitAndNotify) {
    Shared shared;
    int turn = 0;
    const auto play = [&](int mine) {
        for (int i = 0; i < 50; ++i) {
            std::unique_lock lock(shared.mutex);
            shared.condition.wait(lock, [&] { return turn == mine; });
            turn = 1 - mine;
            shared.condition.notify_all();
        }
    };
    const testing::VirtualTime::Hold hold;
    std::thread thread(play, 1);
    play(0);
    thread.join();
    EXPECT_EQ(turn, 0);
}

}  // namespace
}  // namespace weft
