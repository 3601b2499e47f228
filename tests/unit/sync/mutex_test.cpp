// Mutex: exclusion, order, and how a wait for it ends early.
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

namespace {

using weft::Mutex;

constinit Mutex constant_initialised;

TEST(Mutex, WorksWithTheStandardLocks) {
    weft::run([] {
        Mutex one;
        {
            const std::lock_guard guard(one);
            EXPECT_FALSE(one.try_lock());
        }
        std::unique_lock lock(one, std::chrono::milliseconds(1));
        EXPECT_TRUE(lock.owns_lock());
        const std::lock_guard guard(constant_initialised);
    });
}

// CONFORMANCE 127
TEST(Mutex, TwoAreLockedInAnyOrderByScopedLock) {
    weft::run([] {
        Mutex one;
        Mutex other;
        int inside = 0;
        auto both = [&](Mutex& first, Mutex& second) {
            for (int i = 0; i < 100; ++i) {
                const std::scoped_lock locks(first, second);
                EXPECT_EQ(++inside, 1);
                weft::yield();
                --inside;
            }
        };
        auto a = weft::spawn(both, std::ref(one), std::ref(other));
        auto b = weft::spawn(both, std::ref(other), std::ref(one));
        a.get();
        b.get();
    });
}

TEST(Mutex, TenThousandFibersGetItInTheOrderOfTheirArrival) {
    constexpr int count = 10'000;
    weft::run([] {
        Mutex mutex;
        std::vector<int> order;
        std::vector<weft::Fiber<>> fibers;
        mutex.lock();
        for (int i = 0; i < count; ++i) {
            fibers.push_back(weft::spawn([&, i] {
                const std::lock_guard guard(mutex);
                order.push_back(i);
                weft::yield();
            }));
        }
        weft::yield();
        mutex.unlock();
        for (auto& fiber : fibers) {
            fiber.join();
        }
        ASSERT_EQ(order.size(), static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
        }
    });
}

}  // namespace
