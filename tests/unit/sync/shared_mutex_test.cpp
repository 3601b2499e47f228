// SharedMutex: who may be inside together, in which order, and what a waiter that gives up leaves behind.
#include <weft/sync/shared_mutex.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
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

WEFT_HUB_SUITE(SharedMutexTest);

constinit SharedMutex constant_initialised;

TEST_P(SharedMutexTest, ManyShareItAndOneHasItAlone) {
    SharedMutex mutex;
    {
        const std::shared_lock one(mutex);
        const std::shared_lock two(mutex, 1ms);
        EXPECT_TRUE(two.owns_lock());
        EXPECT_FALSE(mutex.try_lock());
        EXPECT_FALSE(mutex.try_lock_for(1ms));
        EXPECT_FALSE(mutex.try_lock_until(now() + 1ms));
    }
    const std::scoped_lock alone(mutex, constant_initialised);
    spawn([&] {
        EXPECT_FALSE(mutex.try_lock());
        EXPECT_FALSE(mutex.try_lock_shared());
        EXPECT_FALSE(mutex.try_lock_shared_for(1ms));
        EXPECT_FALSE(mutex.try_lock_shared_until(now() + 1ms));
        EXPECT_THROW(mutex.lock_shared(1ms), TimeoutError);
        EXPECT_THROW(mutex.lock(1ms), TimeoutError);
    }).get();
}

TEST_P(SharedMutexTest, AllAreServedInTheOrderOfTheirArrivalAndSharersTogether) {
    SharedMutex mutex;
    std::string order;
    int inside = 0;
    std::vector<Fiber<>> fibers;
    mutex.lock();
    for (const char kind : std::string("rrwrrw")) {
        fibers.push_back(spawn([&, kind] {
            if (kind == 'w') {
                const std::unique_lock lock(mutex);
                EXPECT_EQ(inside, 0);
                order += 'w';
                yield();
                return;
            }
            const std::shared_lock lock(mutex);
            ++inside;
            order += 'r';
            yield();
            EXPECT_EQ(inside, 2);
            yield();
            --inside;
        }));
    }
    testing::wait_all_parked();
    mutex.unlock();
    EXPECT_FALSE(mutex.try_lock()) << "handed over";
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(order, "rrwrrw");
}

TEST_P(SharedMutexTest, AWriterIsNotStarvedByReadersThatOverlap) {
    SharedMutex mutex;
    bool written = false;
    int reads_after = 0;
    mutex.lock_shared();
    auto writer = spawn([&] {
        const std::lock_guard lock(mutex);
        written = true;
    });
    testing::wait_all_parked();
    EXPECT_FALSE(mutex.try_lock_shared()) << "somebody waits to have it alone";
    auto reader = spawn([&] {
        const std::shared_lock lock(mutex);
        EXPECT_TRUE(written);
        ++reads_after;
    });
    testing::wait_all_parked();
    mutex.unlock_shared();
    reader.get();
    EXPECT_EQ(reads_after, 1);
}

TEST_P(SharedMutexTest, AWriterThatGivesUpLetsTheReadersBehindItPass) {
    SharedMutex mutex;
    mutex.lock_shared();
    auto writer = spawn([&] { mutex.lock(); });
    auto limited = spawn([&] { EXPECT_FALSE(mutex.try_lock_for(100ms)); });
    bool read = false;
    auto reader = spawn([&] {
        const std::shared_lock lock(mutex);
        read = true;
    });
    testing::wait_all_parked();
    writer.cancel();
    testing::wait_all_parked();
    EXPECT_FALSE(read) << "another one waits before it";
    limited.get();
    reader.get();
    EXPECT_TRUE(read);
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock()) << "nothing is left";
    mutex.unlock();
}

TEST_P(SharedMutexTest, AHandOverThatRacesACancellationIsKept) {
    SharedMutex mutex;
    mutex.lock();
    int steps = 0;
    auto waiter = spawn([&] {
        const std::shared_lock lock(mutex);
        ++steps;
        yield();
        ++steps;
    });
    testing::wait_all_parked();
    mutex.unlock();
    waiter.cancel();
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_EQ(steps, 1);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST_P(SharedMutexTest, MisuseStopsTheProgram) {
    SharedMutex mutex;
    EXPECT_DEATH(mutex.unlock(), "unlock of a SharedMutex that the caller does not have alone");
    EXPECT_DEATH(mutex.unlock_shared(), "unlock_shared of a SharedMutex that nobody shares");
    mutex.lock();
    EXPECT_DEATH(mutex.lock(), "lock of a SharedMutex that the caller has alone already");
    EXPECT_DEATH(mutex.unlock_shared(), "unlock_shared of a SharedMutex that nobody shares");
    mutex.unlock();
}

TEST_P(SharedMutexTest, IsSharedWithAThreadWithoutAHub) {
    SharedMutex mutex;
    mutex.lock();
    int value = 0;
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread thread([&] {
        const std::lock_guard guard(mutex);
        value = 1;
    });
    yield();
    mutex.unlock();
    thread.join();
    const std::shared_lock lock(mutex);
    EXPECT_EQ(value, 1);
}

}  // namespace
}  // namespace weft
