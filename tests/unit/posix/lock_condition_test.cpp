// pthread_cond_*: who is woken, when a wait ends without that, and the mutex.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "support/hub_fixture.hpp"
#include "support/parties.hpp"
#include "support/posix_locks.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::TypedMutex;

WEFT_HUB_SUITE(PosixConditionTest);

struct Pair {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

    void lock() { ASSERT_EQ(posix::pthread_mutex_lock(&mutex), 0); }
    void unlock() { ASSERT_EQ(posix::pthread_mutex_unlock(&mutex), 0); }
};

TEST_P(PosixConditionTest, ASignalWakesOneABroadcastAll) {
    Pair pair;
    int woken = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 4; ++i) {
        fibers.push_back(spawn([&] {
            pair.lock();
            EXPECT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex), 0);
            ++woken;
            pair.unlock();
        }));
    }
    testing::wait_all_parked();
    EXPECT_EQ(posix::pthread_cond_signal(&pair.condition), 0);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(posix::pthread_cond_broadcast(&pair.condition), 0);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 4);
}

TEST_P(PosixConditionTest, TheMutexIsFreeMeanwhileAndTakenAfterwards) {
    Pair pair;
    auto waiter = spawn([&] {
        pair.lock();
        EXPECT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex), 0);
        EXPECT_EQ(posix::pthread_mutex_trylock(&pair.mutex), EBUSY);
        pair.unlock();
    });
    testing::wait_all_parked();
    pair.lock();
    posix::pthread_cond_signal(&pair.condition);
    testing::wait_all_parked();
    pair.unlock();
    waiter.get();
}

TEST_P(PosixConditionTest, EndsByTheClockThatItWasMadeWith) {
    Pair pair;
    pthread_condattr_t attributes{};
    ASSERT_EQ(pthread_condattr_init(&attributes), 0);
    ASSERT_EQ(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), 0);
    pthread_cond_t steady{};
    ASSERT_EQ(pthread_cond_init(&steady, &attributes), 0);
    pair.lock();
    const TimePoint before = now();
    timespec until = test::steady_time(before + 2ms);
    EXPECT_EQ(posix::pthread_cond_timedwait(&steady, &pair.mutex, &until), ETIMEDOUT);
    until = test::steady_time(before + 4ms);
    EXPECT_EQ(posix::pthread_cond_clockwait(&pair.condition, &pair.mutex, CLOCK_MONOTONIC, &until),
              ETIMEDOUT);
    EXPECT_GE(now() - before, 4ms);
    pair.unlock();
    EXPECT_EQ(pthread_cond_destroy(&steady), 0);
    pthread_condattr_destroy(&attributes);
}

TEST_P(PosixConditionTest, EndsByTheRealTime) {
    Pair pair;
    pair.lock();
    const timespec until = test::real_time(2ms);
    int result = 0;
    while (result == 0) {
        result = posix::pthread_cond_timedwait(&pair.condition, &pair.mutex, &until);
    }
    EXPECT_EQ(result, ETIMEDOUT);
    EXPECT_TRUE(test::is_over(CLOCK_REALTIME, until));
    EXPECT_EQ(posix::pthread_mutex_trylock(&pair.mutex), EBUSY);
    const timespec no_time{.tv_sec = 1, .tv_nsec = 1'000'000'000};
    EXPECT_EQ(posix::pthread_cond_timedwait(&pair.condition, &pair.mutex, &no_time), EINVAL);
    pair.unlock();
}

TEST_P(PosixConditionTest, WithoutItsMutexThereIsNoWait) {
    TypedMutex mutex(PTHREAD_MUTEX_ERRORCHECK);
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    EXPECT_EQ(posix::pthread_cond_wait(&condition, &mutex.mutex), EPERM);
}

TEST_P(PosixConditionTest, AFiberAndAThreadWakeEachOther) {
    Pair pair;
    int turn = 0;
    const auto play = [&](int mine) {
        for (int i = 0; i < 100; ++i) {
            pair.lock();
            while (turn % 2 != mine) {
                ASSERT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex), 0);
            }
            ++turn;
            posix::pthread_cond_signal(&pair.condition);
            pair.unlock();
        }
    };
    // The clock may jump: a mutex that the thread gives up in libc's wait is tried again after pauses.
    std::thread thread(play, 1);
    play(0);
    thread.join();
    EXPECT_EQ(turn, 200);
}

TEST_P(PosixConditionTest, AFiberGetsTheMutexThatAThreadGivesUpByWaiting) {
    for (int i = 0; i < 20; ++i) {
        Pair pair;
        std::atomic<bool> locked{false};
        bool told = false;
        std::thread thread([&] {
            pair.lock();
            locked.store(true);
            locked.notify_one();
            while (!told) {
                posix::pthread_cond_wait(&pair.condition, &pair.mutex);
            }
            pair.unlock();
        });
        locked.wait(false);
        pair.lock();  // perhaps before the thread gives it up, which nobody but libc sees
        told = true;
        posix::pthread_cond_signal(&pair.condition);
        pair.unlock();
        thread.join();
    }
}

/// Whose parts other processes may have, too.
struct SharedPair {
    SharedPair() {
        pthread_condattr_t attributes{};
        EXPECT_EQ(pthread_condattr_init(&attributes), 0);
        EXPECT_EQ(pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
        EXPECT_EQ(pthread_cond_init(&condition, &attributes), 0);
        pthread_condattr_destroy(&attributes);
    }
    SharedPair(const SharedPair&) = delete;
    SharedPair& operator=(const SharedPair&) = delete;
    ~SharedPair() { pthread_cond_destroy(&condition); }

    TypedMutex mutex{[](auto& attributes) {
        ASSERT_EQ(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
    }};
    pthread_cond_t condition{};
};

TEST_P(PosixConditionTest, OneThatProcessesShareIsWaitedForByFibersOfOneHub) {
    SharedPair pair;
    int turn = 0;
    std::vector<Fiber<>> fibers;
    for (int mine = 0; mine < 3; ++mine) {
        fibers.push_back(spawn([&, mine] {
            for (int i = 0; i < 20; ++i) {
                ASSERT_EQ(posix::pthread_mutex_lock(&pair.mutex.mutex), 0);
                while (turn % 3 != mine) {
                    ASSERT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex.mutex), 0);
                }
                ++turn;
                EXPECT_EQ(posix::pthread_cond_broadcast(&pair.condition), 0);
                ASSERT_EQ(posix::pthread_mutex_unlock(&pair.mutex.mutex), 0);
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(turn, 60);
}

TEST_P(PosixConditionTest, ASignalOfAnotherProcessIsFoundThoughNobodyHearsIt) {
    SharedPair pair;
    bool told = false;
    auto waiter = spawn([&] {
        ASSERT_EQ(posix::pthread_mutex_lock(&pair.mutex.mutex), 0);
        while (!told) {
            ASSERT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex.mutex), 0);
        }
        ASSERT_EQ(posix::pthread_mutex_unlock(&pair.mutex.mutex), 0);
    });
    yield();
    ASSERT_EQ(::pthread_mutex_lock(&pair.mutex.mutex), 0);
    told = true;
    ASSERT_EQ(::pthread_cond_signal(&pair.condition), 0) << "as another process does it";
    ASSERT_EQ(::pthread_mutex_unlock(&pair.mutex.mutex), 0);
    waiter.get();
}

TEST(PosixConditionTestInParties, NoWakeUpIsLost) {
    Pair pair;
    long tokens = 0;
    std::atomic<int> parties{0};
    test::in_parties([&](int party) {
        ++parties;
        for (int i = 0; i < test::rounds; ++i) {
            pair.lock();
            if (party % 2 == 0) {
                ++tokens;
                posix::pthread_cond_signal(&pair.condition);
            } else {
                while (tokens == 0) {
                    ASSERT_EQ(posix::pthread_cond_wait(&pair.condition, &pair.mutex), 0);
                }
                --tokens;
            }
            pair.unlock();
        }
    });
    EXPECT_EQ(parties.load(), 10);
    EXPECT_EQ(tokens, 0);
}

}  // namespace
}  // namespace weft
