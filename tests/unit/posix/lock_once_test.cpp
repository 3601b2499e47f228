// What is done once, by whom all wait, and locks that spin.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>
#include <threads.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "posix/guard.hpp"
#include "support/hub_fixture.hpp"
#include "support/parties.hpp"

namespace weft {
namespace {

WEFT_HUB_SUITE(PosixOnceTest);

int calls = 0;

TEST_P(PosixOnceTest, TheOthersWaitUntilItIsDone) {
    calls = 0;
    pthread_once_t control = PTHREAD_ONCE_INIT;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 5; ++i) {
        fibers.push_back(spawn([&] {
            EXPECT_EQ(posix::pthread_once(&control,
                                          [] {
                                              yield();
                                              ++calls;
                                          }),
                      0);
            EXPECT_EQ(calls, 1);
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(posix::pthread_once(&control, [] { ++calls; }), 0);
    EXPECT_EQ(::pthread_once(&control, [] { ++calls; }), 0);
    EXPECT_EQ(calls, 1);
}

TEST_P(PosixOnceTest, WhatHasThrownIsCalledByTheNext) {
    calls = 0;
    once_flag control = ONCE_FLAG_INIT;
    const auto routine = [] {
        yield();
        if (++calls == 1) {
            throw std::runtime_error("the first");
        }
    };
    auto first = spawn([&] { posix::call_once(&control, routine); });
    auto second = spawn([&] { posix::call_once(&control, routine); });
    EXPECT_THROW(first.get(), std::runtime_error);
    second.get();
    EXPECT_EQ(calls, 2);
}

TEST_P(PosixOnceTest, AGuardIsReleasedToThoseWhoWait) {
    alignas(8) std::uint64_t guard = 0;
    int made = 0;
    int attempts = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 5; ++i) {
        fibers.push_back(spawn([&] {
            if (!impl::guard_acquire(&guard)) {
                EXPECT_EQ(made, 1);
                return;
            }
            yield();
            if (++attempts == 1) {
                impl::guard_abort(&guard);
            } else {
                ++made;
                impl::guard_release(&guard);
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(guard & 0xff, 1U) << "as compilers look at it";
}

TEST_P(PosixOnceTest, ABarrierOpensForAllAndIsThenAsNew) {
    pthread_barrier_t barrier{};
    ASSERT_EQ(pthread_barrier_init(&barrier, nullptr, 3), 0);
    int serial = 0;
    int passed = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] {
            for (int round = 1; round <= 10; ++round) {
                const int result = posix::pthread_barrier_wait(&barrier);
                serial += result == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0;
                EXPECT_GE(++passed, (round - 1) * 3);
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(serial, 10);
    EXPECT_EQ(passed, 30);
    EXPECT_EQ(pthread_barrier_destroy(&barrier), 0);
}

TEST_P(PosixOnceTest, ASpinLockIsWaitedForWhileItsHolderRuns) {
    pthread_spinlock_t lock{};
    ASSERT_EQ(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE), 0);
    ASSERT_EQ(posix::pthread_spin_lock(&lock), 0);
    bool got = false;
    auto other = spawn([&] {
        ASSERT_EQ(posix::pthread_spin_lock(&lock), 0);
        got = true;
        pthread_spin_unlock(&lock);
    });
    yield();
    EXPECT_FALSE(got);
    pthread_spin_unlock(&lock);
    other.get();
    pthread_spin_destroy(&lock);
}

TEST(PosixOnceTestInParties, BarriersAndOnce) {
    pthread_barrier_t barrier{};
    ASSERT_EQ(pthread_barrier_init(&barrier, nullptr, 10), 0);
    static std::atomic<int> begun;
    begun = 0;
    std::vector<pthread_once_t> controls(test::rounds, PTHREAD_ONCE_INIT);
    std::atomic<int> serial{0};
    test::in_parties([&](int) {
        for (int i = 0; i < test::rounds; ++i) {
            if (posix::pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
                ++serial;
            }
            posix::pthread_once(&controls[static_cast<std::size_t>(i)], [] { ++begun; });
            EXPECT_GE(begun.load(), i + 1);
        }
    });
    EXPECT_EQ(serial.load(), test::rounds);
    EXPECT_EQ(begun.load(), test::rounds);
    EXPECT_EQ(pthread_barrier_destroy(&barrier), 0);
}

}  // namespace
}  // namespace weft
