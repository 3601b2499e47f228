// Event: who is woken, in which order, and what a set() leaves behind.
#include <weft/sync/event.hpp>

#include <gtest/gtest.h>

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

WEFT_HUB_SUITE(EventTest);

std::vector<Fiber<>> waiters(Event& event, int count, std::vector<int>& order) {
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < count; ++i) {
        fibers.push_back(spawn([&event, &order, i] {
            event.wait();
            order.push_back(i);
        }));
    }
    testing::wait_all_parked();
    return fibers;
}

// CONFORMANCE 105
TEST_P(EventTest, SetWakesAllInTheOrderOfTheirWaitsButThoseWhoseTimeWasUp) {
    Event event;
    std::vector<int> order;
    auto late = spawn([&] { EXPECT_THROW(event.wait(1ms), TimeoutError); });
    const auto fibers = waiters(event, 5, order);
    late.join();
    event.set();
    EXPECT_TRUE(order.empty()) << "set() itself lets nobody run";
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

// CONFORMANCE 106
TEST_P(EventTest, SetAndResetAtOnceStillWakesAllThatWaited) {
    for (const int count : {1, 100, 1000}) {
        Event event;
        std::vector<int> order;
        const auto fibers = waiters(event, count, order);
        event.set();
        event.reset();
        for (const auto& fiber : fibers) {
            fiber.join();
        }
        EXPECT_EQ(order.size(), static_cast<std::size_t>(count));
        EXPECT_FALSE(event.is_set());
    }
}

// CONFORMANCE 107
TEST_P(EventTest, AWaitForASetOneDoesNotSwitch) {
    Event event;
    event.set();
    bool other_ran = false;
    auto other = spawn([&] { other_ran = true; });
    event.wait();
    event.wait(0s);
    EXPECT_FALSE(other_ran);
    EXPECT_TRUE(event.is_set());
    other.join();
}

// CONFORMANCE 108
TEST_P(EventTest, WhoBeginsToWaitWhileOthersAreWokenIsServedAfterThem) {
    Event event;
    std::vector<int> order;
    Fiber<> later;
    auto first = spawn([&] {
        event.wait();
        order.push_back(0);
        later = spawn([&] {
            event.wait();
            order.push_back(2);
        });
    });
    auto second = spawn([&] {
        event.wait();
        order.push_back(1);
    });
    testing::wait_all_parked();
    event.set();
    first.join();
    second.join();
    later.join();
    EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

// CONFORMANCE 109
TEST_P(EventTest, AKilledWaiterIsGoneFromItAndTheOthersAreNotAffected) {
    Event event;
    std::vector<int> order;
    auto fibers = waiters(event, 3, order);
    fibers[1].kill();
    fibers[1].join();
    fibers[1] = Fiber<>();  // with its stack, where its place in the queue was
    event.set();
    fibers[0].join();
    fibers[2].join();
    EXPECT_EQ(order, (std::vector{0, 2}));
}

TEST_P(EventTest, AWakeUpThatRacesACancellationIsKept) {
    Event event;
    bool passed = false;
    auto waiter = spawn([&] {
        event.wait();
        passed = true;
        yield();
    });
    testing::wait_all_parked();
    event.set();
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_TRUE(passed);
}

// CONFORMANCE 112
TEST_P(EventTest, SetInAThreadWithoutAHubItWakesFibers) {
    Event event;
    std::vector<int> order;
    const auto fibers = waiters(event, 10, order);
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread thread([&] {
        event.set();
        hold.reset();
    });
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    thread.join();
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(EventTest, SetByAFiberItWakesAThreadWithoutAHub) {
    Event event;
    Event seen;
    std::thread thread([&] {
        event.wait();
        seen.set();
    });
    const testing::VirtualTime::Hold hold;
    event.set();
    seen.wait();
    thread.join();
}

TEST_P(EventTest, AThreadWithoutAHubTimesOut) {
    std::thread([] {
        Event event;
        EXPECT_THROW(event.wait(1ms), TimeoutError);
        EXPECT_THROW(event.wait(std::chrono::steady_clock::now() - 1s), TimeoutError);
    }).join();
}

TEST_P(EventTest, MayBeDestroyedByItsWaiterAtOnce) {
    for (int i = 0; i < 100; ++i) {
        std::optional<Event> event(std::in_place);
        auto setter = spawn([&] { event->set(); });
        event->wait();
        event.reset();
        setter.get();
    }
}

}  // namespace
}  // namespace weft
