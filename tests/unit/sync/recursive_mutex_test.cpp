// RecursiveMutex: levels, owners, and the standard locks.
#include <weft/sync/recursive_mutex.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(RecursiveMutexTest);

// CONFORMANCE 118
TEST_P(RecursiveMutexTest, TheOwnerMayReEnterAndOthersMayNotUnlock) {
    RecursiveMutex mutex;
    mutex.lock();
    mutex.lock();
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_TRUE(mutex.try_lock_for(1ms));
    auto other = spawn([&] {
        EXPECT_FALSE(mutex.try_lock());
        EXPECT_FALSE(mutex.try_lock_until(now() + 1ms));
        EXPECT_THROW(mutex.lock(1ms), TimeoutError);
        EXPECT_DEATH(mutex.unlock(), "unlock of a RecursiveMutex that the caller does not hold");
    });
    other.get();
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(spawn([&] { return mutex.try_lock(); }).get()) << i;
        mutex.unlock();
    }
    spawn([&] { const std::lock_guard guard(mutex); }).get();
    EXPECT_DEATH(mutex.unlock(), "unlock of a RecursiveMutex that the caller does not hold");
}

TEST_P(RecursiveMutexTest, IsHandedOverAfterTheLastUnlock) {
    RecursiveMutex mutex;
    const std::unique_lock outer(mutex);
    bool got = false;
    auto next = spawn([&] {
        const std::scoped_lock locks(mutex);
        got = true;
    });
    {
        const std::lock_guard inner(mutex);
        testing::wait_all_parked();
    }
    yield();
    EXPECT_FALSE(got);
    mutex.unlock();
    next.join();
    EXPECT_TRUE(got);
    mutex.lock();
}

}  // namespace
}  // namespace weft
