// The further locks, and the types where fibers wait for one another, between hubs and plain threads. Written for the
// thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/once.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/wait_group.hpp>

#include "support/host.hpp"
#include "support/parties.hpp"

namespace weft::test {
namespace {

TEST(LockStress, WhoSharesAndWhoIsAloneNeverMeet) {
    SharedMutex mutex;
    long value = 0;
    std::atomic<int> sharing{0};
    std::atomic<long> written{0};
    in_parties([&](int party) {
        for (int i = 0; i < rounds; ++i) {
            const auto limit = std::chrono::microseconds(i % 40);
            if ((party + i) % 4 == 0) {
                std::unique_lock lock(mutex, std::defer_lock);
                if (i % 3 == 0 ? !lock.try_lock_for(limit) : (lock.lock(), false)) {
                    continue;
                }
                EXPECT_EQ(sharing, 0);
                ++value;
                ++written;
                continue;
            }
            std::shared_lock lock(mutex, std::defer_lock);
            if (i % 3 == 0 ? !lock.try_lock_for(limit) : (lock.lock(), false)) {
                continue;
            }
            ++sharing;
            EXPECT_LE(value, written);
            if (i % 8 == 0) {
                yield();
            }
            --sharing;
        }
    });
    EXPECT_EQ(value, written);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST(LockStress, ARecursiveMutexIsHeldByOneAtEachDepth) {
    RecursiveMutex mutex;
    long inside = 0;
    in_parties([&](int) {
        for (int i = 0; i < rounds; ++i) {
            const std::lock_guard outer(mutex);
            const std::lock_guard inner(mutex);
            EXPECT_EQ(++inside, 1);
            if (i % 16 == 0) {
                yield();
            }
            --inside;
        }
    });
}

TEST(LockStress, RoundsOfABarrierDoNotMixAlsoWhenArrivalsAreWithdrawn) {
    constexpr int parties = threads / 2 * fibers_each + threads / 2;
    Barrier barrier(parties);
    std::atomic<int> arrived{0};
    std::atomic<int> last{0};
    in_parties([&](int party) {
        for (int round = 0; round < rounds / 4; ++round) {
            ++arrived;
            for (bool through = false; !through;) {
                try {
                    last += barrier.arrive_and_wait(party % 3 == 0 ? Deadline(std::chrono::microseconds(50))
                                                                   : never)
                                ? 1
                                : 0;
                    through = true;
                } catch (const TimeoutError&) {
                }
            }
            EXPECT_GE(arrived, (round + 1) * parties);
        }
    });
    EXPECT_EQ(last, rounds / 4);
}

TEST(LockStress, ALatchAndAWaitGroupAreDestroyedByTheirWaiter) {
    const Host host;
    const auto body = [&] {
        for (int i = 0; i < rounds; ++i) {
            auto latch = std::make_unique<Latch>(1);
            auto jobs = std::make_unique<WaitGroup>(1);
            Latch* opened = latch.get();
            WaitGroup* done = jobs.get();
            spawn_detached(SpawnOptions{.hub = host.hub()}, [opened, done] {
                opened->count_down();
                done->done();
            });
            latch->wait();
            latch.reset();
            jobs->wait();
            jobs.reset();
        }
    };
    std::thread with_hub([&] { run(body); });
    body();
    with_hub.join();
}

TEST(LockStress, WhatIsDoneOnceIsDoneOnceAndSeenByAll) {
    for (int i = 0; i < 20; ++i) {
        Once once;
        int value = 0;
        std::atomic<int> attempts{0};
        in_parties([&](int party) {
            try {
                once.call([&] {
                    if (++attempts < 3) {
                        yield();
                        throw std::runtime_error("not yet");
                    }
                    value = party + 1;
                });
                EXPECT_NE(value, 0);
            } catch (const std::runtime_error&) {
            }
        });
        EXPECT_EQ(attempts, 3);
    }
}

TEST(MutexHuge, AHundredThousandFibersGetItInTheOrderOfTheirArrival) {
    constexpr int count = 100'000;
    run([&] {
        Mutex mutex;
        std::vector<int> order;
        order.reserve(count);
        mutex.lock();
        {
            std::vector<Fiber<>> fibers;
            fibers.reserve(count);
            for (int i = 0; i < count; ++i) {
                fibers.push_back(spawn(SpawnOptions{.stack_size = 16 * 1024}, [&, i] {
                    const std::lock_guard guard(mutex);
                    order.push_back(i);
                    yield();
                }));
            }
            yield();
            mutex.unlock();
            for (auto& fiber : fibers) {
                fiber.get();
            }
        }
        ASSERT_EQ(order.size(), static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
        }
    });
}

}  // namespace
}  // namespace weft::test
