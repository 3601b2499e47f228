// One fiber in the queues of several objects: events, semaphores and fibers are all Awaitable.
#include "core/wait_any.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/hub.hpp"
#include "core/life.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(WaitAny);

static_assert(impl::Awaitable<Event> && impl::Awaitable<Semaphore> && impl::Awaitable<impl::FiberEnd>);

template <class... Objects>
std::size_t wait_any(Deadline deadline, Objects&... objects) {
    std::array choices{impl::Choice(objects)...};
    return impl::wait_any(choices, deadline);
}

TEST_P(WaitAny, OfThoseThatAreReadyTheFirstIsTakenAndNoOther) {
    Event event;
    Semaphore one(1);
    Semaphore other(1);
    EXPECT_EQ(wait_any(never, event, one, other), 1U);
    EXPECT_EQ(one.available(), 0U);
    EXPECT_EQ(other.available(), 1U);
}

TEST_P(WaitAny, TheFirstThatComesEndsTheWaitAndNothingStaysBehind) {
    Event event;
    Semaphore one(0);
    Semaphore other(0);
    std::size_t which = 99;
    auto waiter = spawn([&] { which = wait_any(never, event, one, other); });
    testing::wait_all_parked();
    other.release();
    one.release();
    event.set();
    waiter.get();
    EXPECT_EQ(which, 2U);
    EXPECT_EQ(other.available(), 0U) << "the one that has won has handed its unit over";
    EXPECT_EQ(one.available(), 1U) << "the others keep theirs";
    one.release();
    EXPECT_EQ(one.available(), 2U);
}

TEST_P(WaitAny, AUnitGoesPastASetThatIsDecidedToTheNextInTheQueue) {
    Event event;
    Semaphore semaphore(0);
    std::size_t which = 99;
    bool got = false;
    auto in_set = spawn([&] { which = wait_any(never, event, semaphore); });
    testing::wait_all_parked();
    auto next = spawn([&] {
        semaphore.acquire();
        got = true;
    });
    testing::wait_all_parked();
    event.set();
    semaphore.release();  // in_set has not run yet, and still stands in the queue
    next.join();
    in_set.get();
    EXPECT_TRUE(got);
    EXPECT_EQ(which, 0U);
    EXPECT_EQ(semaphore.available(), 0U);
}

TEST_P(WaitAny, TheEndOfAFiberIsOneOfThem) {
    Event event;
    impl::FiberBlock* block = nullptr;
    auto target = spawn([&] {
        block = &impl::Hub::current()->running();
        sleep_for(2ms);
    });
    yield();
    impl::FiberEnd end(*block);
    EXPECT_FALSE(end.ready());
    EXPECT_EQ(wait_any(never, event, end), 1U);
    EXPECT_TRUE(end.ready());
    EXPECT_EQ(wait_any(never, event, end), 1U) << "at once, now that it has ended";
    target.join();
}

TEST_P(WaitAny, PastItsLimitOrCancelledItHasTakenNothingAndStandsNowhere) {
    Event event;
    Semaphore semaphore(0);
    EXPECT_THROW(wait_any(1ms, event, semaphore), TimeoutError);
    auto waiter = spawn([&] { wait_any(never, event, semaphore); });
    testing::wait_all_parked();
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    semaphore.release();
    event.set();
    EXPECT_EQ(semaphore.available(), 1U);
}

TEST_P(WaitAny, ADecisionThatRacesACancellationIsKept) {
    Event event;
    Semaphore semaphore(0);
    std::size_t which = 99;
    auto waiter = spawn([&] { which = wait_any(never, event, semaphore); });
    testing::wait_all_parked();
    semaphore.release();
    waiter.cancel();
    waiter.join();
    EXPECT_EQ(which, 1U);
    EXPECT_EQ(semaphore.available(), 0U);
}

TEST_P(WaitAny, TheSameObjectTwiceIsDecidedOnce) {
    Semaphore semaphore(0);
    std::size_t which = 99;
    auto waiter = spawn([&] { which = wait_any(never, semaphore, semaphore); });
    testing::wait_all_parked();
    semaphore.release(2);
    waiter.get();
    EXPECT_EQ(which, 0U);
    EXPECT_EQ(semaphore.available(), 1U);
}

TEST_P(WaitAny, WorksOnAThreadWithoutAHub) {
    Event event;
    Semaphore semaphore(0);
    std::size_t which = 99;
    std::thread thread([&] { which = wait_any(never, event, semaphore); });
    semaphore.release();
    thread.join();
    EXPECT_EQ(which, 1U);
}

}  // namespace
}  // namespace weft
