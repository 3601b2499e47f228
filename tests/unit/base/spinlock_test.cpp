// The spin lock excludes, and gives up the processor rather than spin for ever.
#include "base/spinlock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "support/sys_override.hpp"

namespace weft::impl {
namespace {

static_assert(sizeof(SpinLock) == 1);

TEST(SpinLockTest, OnlyOneThreadIsInside) {
    SpinLock lock;
    int plain = 0;  // a data race on it would be the lock's fault
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 10'000; ++round) {
                const std::scoped_lock guard(lock);
                ++plain;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(plain, 40'000);
}

TEST(SpinLockTest, TryLockNeverWaits) {
    SpinLock lock;
    EXPECT_TRUE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
}

SpinLock* held = nullptr;
int yields = 0;

/// The holder, which gets the processor at last.
int run_the_holder() {
    if (++yields == 3) {
        held->unlock();
    }
    return 0;
}

TEST(SpinLockTest, AWaiterGivesUpTheProcessorToAPreemptedHolder) {
    const SysOverride scheduler(&Sys::sched_yield, run_the_holder);
    SpinLock lock;
    held = &lock;
    yields = 0;
    ASSERT_TRUE(lock.try_lock());
    lock.lock();
    EXPECT_EQ(yields, 3);
    lock.unlock();
}

}  // namespace
}  // namespace weft::impl
