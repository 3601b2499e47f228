// Waiting for one, some or all of many.
#include <weft/core/wait.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::size_t>;

WEFT_HUB_SUITE(WaitMany);

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

/// Fibers that end when their event is set, and the events.
struct Workers {
    explicit Workers(std::size_t count) : may_end(count) {
        for (std::size_t i = 0; i < count; ++i) {
            fibers.push_back(spawn([this, i] { may_end[i].wait(); }));
        }
        testing::wait_all_parked();
    }
    std::deque<Event> may_end;
    std::vector<Fiber<>> fibers;
};

TEST_P(WaitMany, AnyReturnsTheFirstThatIsReadyAndTakesNothingFromTheOthers) {
    Event event;
    Semaphore one(1);
    Semaphore other(1);
    auto fiber = spawn([] { sleep_for(1h); });
    EXPECT_EQ(wait_any({fiber, event, one, other}), 2U);
    EXPECT_EQ(one.available(), 0U) << "it has taken a unit of the one";
    EXPECT_EQ(other.available(), 1U);
    EXPECT_THROW(wait_any({fiber, event, one}, 1ms), TimeoutError);
    std::array<Event, 3> events;
    auto setter = spawn([&] { events[1].set(); });
    EXPECT_EQ(wait_any(events), 1U);
    EXPECT_EQ(wait_any(events, 0ms), 1U);
}

// CONFORMANCE 177
TEST_P(WaitMany, FibersEventsSemaphoresAndFuturesAreWaitedForTogether) {
    Event event;
    Promise<int> promise;
    const Future<int> future = promise.future();
    Semaphore semaphore(0);
    auto fiber = spawn_later(3ms, [] {});
    auto others = spawn([&] {
        sleep_for(1ms);
        semaphore.release(2);
        sleep_for(1ms);
        event.set();
        promise.set_value(1);
    });
    const Order order = wait({fiber, future, event, semaphore});
    EXPECT_EQ(order.size(), 4U);
    if (on_virtual_time()) {
        EXPECT_EQ(order, (Order{3, 2, 1, 0}));
    }
    EXPECT_EQ(semaphore.available(), 1U);
}

// CONFORMANCE 173
TEST_P(WaitMany, PastTheDeadlineThoseThatWereReadyInTimeAreReturnedInTheirOrder) {
    Workers workers(4);
    auto director = spawn([&] {
        workers.may_end[2].set();
        workers.may_end[0].set();
        testing::wait_all_parked();
        workers.may_end[3].set();
    });
    EXPECT_EQ(wait(workers.fibers, 20ms), (Order{2, 0, 3}));
    EXPECT_EQ(wait(workers.fibers, 0ms), (Order{0, 2, 3}))
        << "of those that are ready from the start, in theirs";
    const std::vector<Fiber<>> none;
    EXPECT_EQ(wait(none), Order{});
}

// CONFORMANCE 19
TEST_P(WaitMany, WithACountOnlySoManyAreWaitedForAndReturned) {
    Workers workers(4);
    Semaphore semaphore(5);
    workers.may_end[3].set();
    workers.may_end[1].set();
    workers.may_end[2].set();
    EXPECT_EQ(wait(workers.fibers, 2), (Order{3, 1}));
    EXPECT_EQ(wait({semaphore, semaphore, semaphore}, 2), (Order{0, 1}));
    EXPECT_EQ(semaphore.available(), 3U);
    EXPECT_EQ(wait(workers.fibers, 0), Order{});
}

// CONFORMANCE 175
TEST_P(WaitMany, ALoopOverTheFinishedMayWaitInBetweenAndMissesNone) {
    Workers workers(5);
    std::vector<int> seen(5);
    workers.may_end[4].set();
    std::size_t previous = 5;
    for (auto& fiber : as_finished(workers.fibers)) {
        const auto i = static_cast<std::size_t>(&fiber - workers.fibers.data());
        EXPECT_TRUE(fiber.ready());
        EXPECT_EQ(i + 1, previous) << "in the order in which they end, also while the loop does other things";
        previous = i;
        ++seen[i];
        if (i == 4) {
            workers.may_end[3].set();
            testing::wait_all_parked();
            workers.may_end[2].set();
            testing::wait_all_parked();
        } else if (i == 2) {
            workers.may_end[1].set();
            workers.may_end[0].set();
        }
    }
    EXPECT_EQ(seen, std::vector<int>(5, 1));
}

// CONFORMANCE 174
TEST_P(WaitMany, ALoopThatIsLeftEarlyLeavesNothingBehind) {
    Workers workers(3);
    Semaphore semaphore(0);
    workers.may_end[1].set();
    for (auto& fiber : as_finished(workers.fibers)) {
        EXPECT_EQ(&fiber, &workers.fibers[1]);
        break;
    }
    EXPECT_THROW(([&] {
                     std::vector<Waitable> mixed{workers.fibers[0], semaphore};
                     for (auto& object : as_finished(mixed, 1ms)) {
                         static_cast<void>(object);
                     }
                 }()),
                 TimeoutError);
    semaphore.release();
    EXPECT_EQ(semaphore.available(), 1U);
    workers.may_end[0].set();
    workers.may_end[2].set();
    join_all(workers.fibers);
}

TEST_P(WaitMany, TheLoopMayEndWhatItWasGiven) {
    std::list<Fiber<int>> fibers;
    for (int i = 0; i < 100; ++i) {
        fibers.push_back(spawn([i] {
            yield();
            return i;
        }));
    }
    int sum = 0;
    for (auto& fiber : as_finished(fibers)) {
        sum += fiber.get();
        fiber = {};
    }
    EXPECT_EQ(sum, 4950);
}

TEST_P(WaitMany, UnitsThatComeWhileTheWaiterIsBusyStayForOthers) {
    Semaphore semaphore(0);
    Event event;
    event.set();
    std::vector<Waitable> both{event, semaphore};
    for (const Waitable& object : as_finished(both)) {
        if (&object == both.data()) {
            semaphore.release();
            EXPECT_TRUE(semaphore.try_acquire()) << "nobody waits for it at the moment";
            semaphore.release();
        }
    }
    EXPECT_EQ(semaphore.available(), 0U);
}

TEST_P(WaitMany, WhatIsNotReadyAnyMoreWhenAskedIsWaitedForAgain) {
    Event first;
    Event second;
    first.set();
    std::vector<Waitable> both{first, second};
    std::string order;
    for (const Waitable& object : as_finished(both)) {
        order += &object == both.data() ? '1' : '2';
        if (order == "1") {
            second.set();
            second.reset();
            auto later = spawn([&] { second.set(); });
            later.detach();
        }
    }
    EXPECT_EQ(order, "12");
    second.reset();
}

TEST_P(WaitMany, ACancelledWaitThatHasTakenSomethingReturnsIt) {
    Semaphore semaphore(1);
    Event event;
    Order got;
    bool cancelled = false;
    auto waiter = spawn([&] {
        got = wait({semaphore, event});
        try {
            yield();
        } catch (const Cancelled&) {
            cancelled = true;
            throw;
        }
    });
    testing::wait_all_parked();
    waiter.cancel_and_join();
    EXPECT_EQ(got, Order{0});
    EXPECT_TRUE(cancelled);
}

// CONFORMANCE 72
TEST_P(WaitMany, JoinAllWaitsForEachAndItsDeadlineCountsForAll) {
    std::vector<Fiber<>> fibers;
    for (const auto length : {1ms, 2ms, 3ms}) {
        fibers.push_back(spawn([length] { sleep_for(length); }));
    }
    join_all(fibers);
    for (const auto& fiber : fibers) {
        EXPECT_TRUE(fiber.ready());
    }
    auto slow = std::array{spawn([] { sleep_for(4ms); }), spawn([] { sleep_for(8ms); })};
    const TimePoint before = now();
    EXPECT_THROW(join_all(slow, 5ms), TimeoutError);
    EXPECT_GE(now() - before, 5ms);
    if (on_virtual_time()) {
        EXPECT_EQ(now() - before, 5ms);
    }
    join_all(std::vector<Fiber<>>{});
}

// CONFORMANCE 20
TEST_P(WaitMany, JoinAllOrThrowThrowsWhatFailedFirstInTime) {
    std::array fibers{spawn([] {
                          sleep_for(20ms);
                          throw std::runtime_error("late");
                      }),
                      spawn([] { yield(); }), spawn([] { throw std::runtime_error("early"); })};
    try {
        join_all_or_throw(fibers);
        ADD_FAILURE() << "nothing thrown";
    } catch (const std::runtime_error& thrown) {
        EXPECT_STREQ(thrown.what(), "early");
    }
    EXPECT_FALSE(fibers[0].ready()) << "it does not wait for the others";
    fibers[0].cancel();
    std::array good{spawn([] {}), spawn([] { yield(); })};
    EXPECT_NO_THROW(join_all_or_throw(good));
}

// CONFORMANCE 35
TEST_P(WaitMany, KillAllKeepsTheUnstartedFromRunningAndThrowsOnceInTheOthers) {
    int started = 0;
    int caught = 0;
    const auto body = [&] {
        ++started;
        try {
            sleep_for(1h);
        } catch (const std::runtime_error&) {
            ++caught;
            yield();  // nothing strikes a second time
        }
    };
    std::vector<Fiber<>> fibers;
    fibers.push_back(spawn(body));
    fibers.push_back(spawn(body));
    testing::wait_all_parked();
    fibers.push_back(spawn(body));
    fibers.push_back(spawn(SpawnOptions{.lazy = true}, body));
    kill_all(fibers, error("all of you"));
    EXPECT_EQ(started, 2);
    EXPECT_EQ(caught, 2);
    EXPECT_TRUE(fibers[0].successful());
    EXPECT_THROW(fibers[3].get(), std::runtime_error);
    EXPECT_THROW(fibers[2].get(), std::runtime_error);
    kill_all(fibers);
}

// CONFORMANCE 36
TEST_P(WaitMany, KillAllSaysThatThereAreSurvivorsPastItsDeadline) {
    std::array fibers{spawn([] { sleep_for(1h); }), spawn([] {
                          try {
                              sleep_for(1h);
                          } catch (const FiberExit&) {
                              sleep_for(1h);
                          }
                      })};
    testing::wait_all_parked();
    EXPECT_THROW(kill_all(fibers, nullptr, 1ms), TimeoutError);
    EXPECT_TRUE(fibers[0].ready());
    EXPECT_FALSE(fibers[1].ready());
    cancel_all(fibers);
    EXPECT_TRUE(fibers[1].ready());
}

/// Can be gone through once.
struct OnePass {
    struct Iterator {
        std::vector<Fiber<>>* left;
        std::list<Fiber<>>* taken;
        Fiber<>& operator*() const {
            taken->push_back(std::move(left->back()));
            left->pop_back();
            return taken->back();
        }
        Iterator& operator++() { return *this; }
        bool operator==(const Iterator&) const { return left->empty(); }
    };
    Iterator begin() { return {&left, &taken}; }
    Iterator end() { return {&left, &taken}; }
    std::vector<Fiber<>> left;
    std::list<Fiber<>> taken;
};

// CONFORMANCE 37
TEST_P(WaitMany, KillAllTakesARangeThatIsEmptyOrCanBeGoneThroughOnce) {
    kill_all(std::list<Fiber<>>{});
    OnePass fibers;
    fibers.left.push_back(spawn([] { sleep_for(1h); }));
    fibers.left.push_back(spawn([] { sleep_for(1h); }));
    kill_all(fibers);
    EXPECT_TRUE(fibers.taken.front().ready());
    EXPECT_TRUE(fibers.taken.back().ready());
}

TEST(WaitManyElsewhere, FibersOfOtherHubsAndThreadsWithoutAHub) {
    const test::Host host;
    constexpr std::size_t count = 200;
    const auto check = [&] {
        std::vector<Fiber<std::size_t>> fibers;
        for (std::size_t i = 0; i < count; ++i) {
            fibers.push_back(spawn_on(host.hub(), [i] {
                yield();
                return i;
            }));
        }
        EXPECT_EQ(fibers[wait_any(fibers)].ready(), true);
        std::size_t sum = 0;
        for (auto& fiber : as_finished(fibers)) {
            sum += fiber.get();
        }
        EXPECT_EQ(sum, count * (count - 1) / 2);
        EXPECT_EQ(wait(fibers).size(), count);
    };
    check();
    run(check);
}

TEST(WaitManyElsewhere, NoUnitIsLostWhereThreadsGiveWhileOthersGather) {
    std::array<Semaphore, 4> semaphores{Semaphore(0), Semaphore(0), Semaphore(0), Semaphore(0)};
    constexpr int rounds = 2000;
    std::thread giver([&] {
        for (int i = 0; i < rounds; ++i) {
            for (Semaphore& semaphore : semaphores) {
                semaphore.release();
            }
        }
    });
    const auto take = [&] {
        for (int i = 0; i < rounds / 2; ++i) {
            EXPECT_EQ(wait(semaphores).size(), 4U);
        }
    };
    std::thread taker([&] { run(take); });
    take();
    taker.join();
    giver.join();
    for (const Semaphore& semaphore : semaphores) {
        EXPECT_EQ(semaphore.available(), 0U);
    }
}

}  // namespace
}  // namespace weft
