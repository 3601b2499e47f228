// Mutex: exclusion, order, misuse, and threads without a hub.
#include <weft/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
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

WEFT_HUB_SUITE(MutexTest);

constinit Mutex constant_initialised;

TEST_P(MutexTest, WorksWithTheStandardLocks) {
    Mutex mutex;
    {
        const std::lock_guard guard(mutex);
        EXPECT_FALSE(mutex.try_lock());
    }
    const std::unique_lock lock(mutex, 1ms);
    EXPECT_TRUE(lock.owns_lock());
    const std::lock_guard guard(constant_initialised);
}

// CONFORMANCE 127
TEST_P(MutexTest, TwoAreLockedInAnyOrderByScopedLock) {
    Mutex one;
    Mutex other;
    int inside = 0;
    auto both = [&](Mutex& first, Mutex& second) {
        for (int i = 0; i < 100; ++i) {
            const std::scoped_lock locks(first, second);
            EXPECT_EQ(++inside, 1);
            yield();
            --inside;
        }
    };
    auto a = spawn(both, std::ref(one), std::ref(other));
    auto b = spawn(both, std::ref(other), std::ref(one));
    a.get();
    b.get();
}

TEST_P(MutexTest, TenThousandFibersGetItInTheOrderOfTheirArrival) {
    constexpr int count = 10'000;
    Mutex mutex;
    std::vector<int> order;
    std::vector<Fiber<>> fibers;
    mutex.lock();
    for (int i = 0; i < count; ++i) {
        fibers.push_back(spawn(SpawnOptions{.stack_size = 16 * 1024}, [&, i] {
            const std::lock_guard guard(mutex);
            order.push_back(i);
            yield();
        }));
    }
    testing::wait_all_parked();
    mutex.unlock();
    for (auto& fiber : fibers) {
        fiber.join();
    }
    ASSERT_EQ(order.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
    }
}

// CONFORMANCE 123
TEST_P(MutexTest, NobodySeesItFreeBetweenOwnerAndNextOwner) {
    Mutex mutex;
    mutex.lock();
    bool got = false;
    auto next = spawn([&] {
        const std::lock_guard guard(mutex);
        got = true;
    });
    testing::wait_all_parked();
    mutex.unlock();
    EXPECT_FALSE(got);
    EXPECT_FALSE(mutex.try_lock()) << "it belongs to the one that waits, although that has not run yet";
    next.join();
    EXPECT_TRUE(got);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST_P(MutexTest, AWaiterThatTimesOutIsSkipped) {
    Mutex mutex;
    mutex.lock();
    auto first = spawn([&] { EXPECT_FALSE(mutex.try_lock_for(1ms)); });
    auto second = spawn([&] { const std::lock_guard guard(mutex); });
    first.join();
    mutex.unlock();
    second.join();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST_P(MutexTest, TimedFormsTellWhetherTheyHaveLockedIt) {
    Mutex mutex;
    EXPECT_TRUE(mutex.try_lock_for(0s)) << "a free one is taken, whatever the limit";
    auto other = spawn([&] {
        const TimePoint before = now();
        EXPECT_FALSE(mutex.try_lock_for(2ms));
        EXPECT_FALSE(mutex.try_lock_until(now() + 2ms));
        EXPECT_FALSE(mutex.try_lock_until(std::chrono::system_clock::now() + 2ms));
        EXPECT_THROW(mutex.lock(2ms), TimeoutError);
        EXPECT_GE(now() - before, 6ms);
    });
    other.get();
    mutex.unlock();
}

TEST_P(MutexTest, AHandOverThatRacesACancellationIsKept) {
    Mutex mutex;
    mutex.lock();
    int steps = 0;
    auto waiter = spawn([&] {
        const std::lock_guard guard(mutex);
        ++steps;
        yield();
        ++steps;
    });
    testing::wait_all_parked();
    mutex.unlock();  // the waiter has it now, but has not run
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_EQ(steps, 1) << "the lock has succeeded, the next wait is cancelled";
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST_P(MutexTest, MayBeLockedBeforeTheThreadHasAHubAndUnlockedAfter) {
    std::thread([] {
        Mutex mutex;
        const std::lock_guard guard(mutex);
        spawn([&] { EXPECT_FALSE(mutex.try_lock()); }).get();
    }).join();
}

// CONFORMANCE 119
TEST_P(MutexTest, UnlockingAFreeOneStopsTheProgram) {
    Mutex mutex;
    EXPECT_DEATH(mutex.unlock(), "unlock of a Mutex that the caller does not hold");
}

// CONFORMANCE 124
TEST_P(MutexTest, LockingItTwiceAndUnlockingAnothersStopTheProgram) {
    Mutex mutex;
    mutex.lock();
    EXPECT_DEATH(mutex.lock(), "lock of a Mutex that the caller holds already");
    auto other =
        spawn([&] { EXPECT_DEATH(mutex.unlock(), "unlock of a Mutex that the caller does not hold"); });
    other.get();
    mutex.unlock();
}

TEST_P(MutexTest, IsSharedWithAThreadWithoutAHub) {
    Mutex mutex;
    mutex.lock();
    int value = 0;
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread thread([&] {
        const std::lock_guard guard(mutex);
        value = 1;
        hold.reset();
    });
    yield();
    EXPECT_EQ(value, 0);
    mutex.unlock();
    for (bool seen = false; !seen; yield()) {
        const std::lock_guard guard(mutex);
        seen = value == 1;
    }
    thread.join();
}

}  // namespace
}  // namespace weft
