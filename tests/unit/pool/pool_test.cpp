// Pool: its bound.
#include <weft/pool/pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PoolTest);

/// How many are inside at once.
struct Crowd {
    void stay(Duration length) {
        most = std::max(most, ++inside);
        sleep_for(length);
        --inside;
        ++done;
    }
    int inside = 0;
    int most = 0;
    int done = 0;
};

// CONFORMANCE 148
TEST_P(PoolTest, SpawnWaitsWhileAllPlacesAreTaken) {
    Pool pool(2);
    Event go;
    auto wait = [&] { go.wait(); };
    pool.spawn(wait);
    pool.spawn(wait);
    EXPECT_EQ(pool.free_count(), 0U);
    bool third = false;
    auto spawner = spawn([&] {
        pool.spawn([&] { third = true; });
        EXPECT_FALSE(third);
    });
    testing::wait_all_parked();
    EXPECT_FALSE(spawner.ready());
    go.set();
    spawner.get();
    pool.join();
    EXPECT_TRUE(third);
    EXPECT_EQ(pool.free_count(), 2U);
}

// CONFORMANCE 149
TEST_P(PoolTest, TrySpawnStartsNothingWhereThereIsNoPlace) {
    Pool pool(1);
    Event go;
    pool.spawn([&] { go.wait(); });
    bool ran = false;
    auto body = [&] { ran = true; };
    EXPECT_FALSE(pool.try_spawn(body).has_value());
    EXPECT_FALSE(pool.try_spawn_for(1ms, body).has_value());
    EXPECT_THROW(pool.wait_available(1ms), TimeoutError);
    EXPECT_EQ(pool.size(), 1U);
    go.set();
    pool.wait_available();
    EXPECT_FALSE(ran);
    EXPECT_EQ(pool.try_spawn([](int a, int b) { return a + b; }, 1, 2)->get(), 3);
    pool.try_spawn_for(1ms, body)->get();
    EXPECT_TRUE(ran);
}

// CONFORMANCE 150
TEST_P(PoolTest, AMemberThatFailsFreesItsPlace) {
    Pool pool(1);
    for (int i = 0; i < 3; ++i) {
        Future<> failing = pool.spawn([] { throw std::runtime_error("no"); });
        EXPECT_THROW(failing.get(), std::runtime_error);
    }
    Future<> killed = pool.spawn([] { sleep_for(1h); });
    pool.kill();
    EXPECT_THROW(killed.get(), BrokenPromise);
    Future<> cancelled = pool.spawn([] { sleep_for(1h); });
    pool.cancel();
    EXPECT_THROW(cancelled.get(), BrokenPromise);
    pool.join();
    EXPECT_EQ(pool.free_count(), 1U);
}

// CONFORMANCE 151
TEST_P(PoolTest, ApplyFromAMemberOfAFullPoolRunsInPlace) {
    Pool pool(2);
    auto deepest = [](int depth) { return depth; };
    auto deep = [&](int depth) {
        return pool.apply([&](int inner) { return pool.apply(deepest, inner + 1); }, depth + 1);
    };
    EXPECT_EQ(pool.apply(deep, 0), 2);
    Future<int> one = pool.spawn(deep, 10);
    Future<int> other = pool.spawn(deep, 20);
    EXPECT_EQ(one.get() + other.get(), 34);
    EXPECT_THROW(pool.apply([] { throw std::out_of_range("from there"); }), std::out_of_range);
}

TEST_P(PoolTest, ACancelledApplyTakesItsCallAlong) {
    Pool pool(1);
    bool cancelled = false;
    auto caller = spawn([&] {
        int local = 0;
        pool.apply([&] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                ++local;
                cancelled = true;
                throw;
            }
        });
    });
    testing::wait_all_parked();
    caller.cancel();
    EXPECT_THROW(caller.get(), Cancelled);
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(pool.free_count(), 1U);
}

// CONFORMANCE 153
TEST_P(PoolTest, JoinOfAnEmptyPoolReturnsAtOnce) {
    Pool pool(1);
    bool other_ran = false;
    auto other = spawn([&] { other_ran = true; });
    pool.join();
    pool.join(0ms);
    EXPECT_FALSE(other_ran);
}

// CONFORMANCE 159
TEST_P(PoolTest, ResizingStopsNobodyAndStartsWhoWaits) {
    Pool pool(3);
    Semaphore leave(0);
    int inside = 0;
    auto body = [&] {
        ++inside;
        leave.acquire();
        --inside;
    };
    for (int i = 0; i < 3; ++i) {
        pool.spawn(body);
    }
    testing::wait_all_parked();
    pool.resize(1);
    EXPECT_EQ(pool.places(), 1U);
    EXPECT_EQ(inside, 3) << "nobody is stopped";
    auto waiting = spawn([&] {
        for (int i = 0; i < 3; ++i) {
            pool.spawn(body);
        }
    });
    leave.release(2);
    testing::wait_all_parked();
    EXPECT_EQ(inside, 1) << "two have left, and nobody has come for them";
    leave.release();
    testing::wait_all_parked();
    EXPECT_EQ(inside, 1) << "the first of the new ones";
    pool.resize(3);
    testing::wait_all_parked();
    EXPECT_EQ(inside, 3);
    waiting.get();
    pool.resize(0);
    leave.release(3);
    pool.join();
    EXPECT_FALSE(pool.try_spawn(body).has_value());
    pool.resize(1);
    EXPECT_EQ(pool.free_count(), 1U);
}

// CONFORMANCE 160
TEST_P(PoolTest, TenThousandSpawnsFromManyFibersKeepTheBoundAndAllFinish) {
    Pool pool(7);
    Crowd crowd;
    std::vector<Fiber<>> spawners;
    for (int i = 0; i < 100; ++i) {
        spawners.push_back(spawn([&] {
            for (int j = 0; j < 100; ++j) {
                pool.spawn([&] { crowd.stay(0ms); });
            }
        }));
    }
    for (const auto& spawner : spawners) {
        spawner.join();
    }
    pool.join();
    EXPECT_EQ(crowd.done, 10'000);
    EXPECT_EQ(crowd.most, 7);
}

TEST_P(PoolTest, DestroyedWithMembersItCancelsAndWaits) {
    Crowd crowd;
    std::vector<Future<>> futures;
    {
        Pool pool(2);
        for (int i = 0; i < 2; ++i) {
            futures.push_back(pool.spawn([&] { crowd.stay(1h); }));
        }
        testing::wait_all_parked();
        futures.push_back(Future<>());
    }
    EXPECT_EQ(crowd.done, 0);
    EXPECT_THROW(futures[0].get(), BrokenPromise);
    EXPECT_THROW(futures[1].get(), BrokenPromise);
}

}  // namespace
}  // namespace weft
