// pthread_mutex_*: between fibers of one hub, of several, and threads.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/scope/timeout.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include "support/hub_fixture.hpp"
#include "support/parties.hpp"
#include "support/posix_locks.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::TypedMutex;

WEFT_HUB_SUITE(PosixMutexTest);

/// Fibers lock it in turns and let each other run while they hold it.
void keep_fibers_apart(pthread_mutex_t& mutex) {
    int inside = 0;
    std::vector<Fiber<>> fibers;
    for (int n = 0; n < 5; ++n) {
        fibers.push_back(spawn([&] {
            for (int i = 0; i < 50; ++i) {
                ASSERT_EQ(posix::pthread_mutex_lock(&mutex), 0);
                EXPECT_EQ(++inside, 1);
                yield();
                --inside;
                ASSERT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
}

TEST_P(PosixMutexTest, KeepsFibersOfOneHubApart) {
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
    keep_fibers_apart(plain);
    pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    keep_fibers_apart(recursive);
    pthread_mutex_t error_checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    keep_fibers_apart(error_checking);
    pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    keep_fibers_apart(adaptive);
}

/// Two that wait for each other's mutex, one of them main.
void lock_crosswise() {
    run([] {
        pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
        posix::pthread_mutex_lock(&one);
        auto fiber = spawn({.name = "crosswise"}, [&] {
            posix::pthread_mutex_lock(&other);
            posix::pthread_mutex_lock(&one);
        });
        yield();
        posix::pthread_mutex_lock(&other);
    });
}

TEST(PosixMutexDeathTest, ACircleThatNothingCanEndStopsTheProgramWithADumpOfItsFibers) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // No C library expects an exception from a lock, and none could go on without it.
    EXPECT_EXIT(lock_crosswise(), ::testing::KilledBySignal(SIGABRT), "crosswise.*waits: mutex");
}

TEST_P(PosixMutexTest, ThatInheritsPriorityKeepsFibersApartToo) {
    TypedMutex mutex([](auto& attributes) {
        ASSERT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), 0);
    });
    keep_fibers_apart(mutex.mutex);
}

TEST_P(PosixMutexTest, TakenByAnotherFiberIsBusy) {
    for (const int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK}) {
        TypedMutex mutex(type);
        ASSERT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        spawn([&] { EXPECT_EQ(posix::pthread_mutex_trylock(&mutex.mutex), EBUSY); }).get();
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        spawn([&] {
            EXPECT_EQ(posix::pthread_mutex_trylock(&mutex.mutex), 0);
            EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        }).get();
    }
}

TEST_P(PosixMutexTest, ARecursiveOneCountsForItsFiber) {
    TypedMutex mutex(PTHREAD_MUTEX_RECURSIVE);
    auto owner = spawn([&] {
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_trylock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        yield();
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
    });
    bool got = false;
    auto next = spawn([&] {
        EXPECT_EQ(posix::pthread_mutex_trylock(&mutex.mutex), EBUSY);
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        got = true;
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), EPERM);
    });
    yield();
    EXPECT_FALSE(got);
    owner.get();
    next.get();
    EXPECT_TRUE(got);
}

TEST_P(PosixMutexTest, AnErrorCheckingOneKnowsItsFiber) {
    TypedMutex mutex(PTHREAD_MUTEX_ERRORCHECK);
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), EPERM);
    EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
    EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), EDEADLK);
    spawn([&] { EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), EPERM); }).get();
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
}

// CONFORMANCE 300
TEST_P(PosixMutexTest, LockedBeforeTheThreadHadFibersBelongsToItsMainFiber) {
    std::thread([] {
        TypedMutex mutex(PTHREAD_MUTEX_RECURSIVE);
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        spawn([&] { EXPECT_EQ(posix::pthread_mutex_trylock(&mutex.mutex), EBUSY); }).get();
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
    }).join();
}

TEST_P(PosixMutexTest, WaitersTakeTurnsWithWhoLocksItAgainAtOnce) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    bool stop = false;
    auto greedy = spawn([&] {
        while (!stop) {
            posix::pthread_mutex_lock(&mutex);
            yield();
            posix::pthread_mutex_unlock(&mutex);
        }
    });
    yield();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
    }
    stop = true;
    greedy.get();
}

TEST_P(PosixMutexTest, TimedFormsEndByBothClocks) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    ASSERT_EQ(posix::pthread_mutex_lock(&mutex), 0);
    spawn([&] {
        const TimePoint before = now();
        const timespec steady = test::steady_time(before + 3ms);
        EXPECT_EQ(posix::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &steady), ETIMEDOUT);
        EXPECT_GE(now() - before, 3ms);
        const timespec real = test::real_time(3ms);
        EXPECT_EQ(posix::pthread_mutex_timedlock(&mutex, &real), ETIMEDOUT);
        EXPECT_TRUE(test::is_over(CLOCK_REALTIME, real));
        EXPECT_EQ(posix::pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &real), ETIMEDOUT);
        EXPECT_EQ(posix::pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &real), EINVAL);
        const timespec no_time{.tv_sec = 1, .tv_nsec = -1};
        EXPECT_EQ(posix::pthread_mutex_timedlock(&mutex, &no_time), EINVAL);
    }).get();
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
    const timespec past{.tv_sec = 1, .tv_nsec = 0};
    EXPECT_EQ(posix::pthread_mutex_timedlock(&mutex, &past), 0) << "a free one is taken, whatever the limit";
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
}

TEST_P(PosixMutexTest, ACancelledFiberGetsItAllTheSame) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    ASSERT_EQ(posix::pthread_mutex_lock(&mutex), 0);
    bool got = false;
    auto waiter = spawn([&] {
        got = posix::pthread_mutex_lock(&mutex) == 0;
        posix::pthread_mutex_unlock(&mutex);
        yield();
        sleep_for(1ms);
        ADD_FAILURE() << "the next wait of weft's own is cancelled";
    });
    yield();
    waiter.cancel();
    yield();
    EXPECT_FALSE(got);
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
    EXPECT_THROW(waiter.get(), Cancelled);
    EXPECT_TRUE(got);
}

TEST_P(PosixMutexTest, ARobustOneIsFoundAfterItsThreadHasEnded) {
    TypedMutex mutex([](auto& attributes) {
        ASSERT_EQ(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
    });
    std::thread([&] { ASSERT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0); }).join();
    spawn([&] {
        EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), EOWNERDEAD);
        EXPECT_EQ(pthread_mutex_consistent(&mutex.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
    }).get();
}

TEST_P(PosixMutexTest, OneThatProcessesShareIsTriedAgainAndAgain) {
    TypedMutex mutex([](auto& attributes) {
        ASSERT_EQ(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
    });
    ASSERT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0);
    auto waiter = spawn([&] { EXPECT_EQ(posix::pthread_mutex_lock(&mutex.mutex), 0); });
    yield();
    ASSERT_EQ(::pthread_mutex_unlock(&mutex.mutex), 0) << "as another process does it, unheard";
    waiter.get();
    EXPECT_EQ(posix::pthread_mutex_unlock(&mutex.mutex), 0);
}

template <class Lock>
void in_parties_with(pthread_mutex_t& mutex, Lock lock) {
    long count = 0;
    test::in_parties([&](int party) {
        for (int i = 0; i < test::rounds; ++i) {
            ASSERT_EQ(lock(&mutex), 0);
            const long before = count;
            if ((i + party) % 16 == 0 && this_hub() != HubRef()) {
                yield();
            }
            count = before + 1;
            ASSERT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
        }
    });
    EXPECT_EQ(count % test::rounds, 0);
    EXPECT_GT(count, test::rounds * test::threads);
}

TEST(PosixMutexTestInParties, FibersOfSeveralHubsAndThreadsShareIt) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    in_parties_with(mutex, [](pthread_mutex_t* one) { return posix::pthread_mutex_lock(one); });
    TypedMutex recursive(PTHREAD_MUTEX_RECURSIVE);
    in_parties_with(recursive.mutex, [](pthread_mutex_t* one) { return posix::pthread_mutex_lock(one); });
}

TEST(PosixMutexTestInParties, LimitsThatPassLoseNothing) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    in_parties_with(mutex, [](pthread_mutex_t* one) {
        for (;;) {
            const timespec until = test::real_time(20us);
            if (const int result = posix::pthread_mutex_timedlock(one, &until); result != ETIMEDOUT) {
                return result;
            }
        }
    });
}

}  // namespace
}  // namespace weft
