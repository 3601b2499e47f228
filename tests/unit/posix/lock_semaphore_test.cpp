// Semaphores, futexes and threads that are waited for.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/posix/thread.hpp>
#include <weft/scope/timeout.hpp>
#include <weft/testing/virtual_time.hpp>

#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <thread>

#include "posix/port.hpp"
#include "support/hub_fixture.hpp"
#include "support/parties.hpp"
#include "support/posix_locks.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PosixSemaphoreTest);

struct Semaphore {
    explicit Semaphore(unsigned value, bool shared = false) {
        EXPECT_EQ(sem_init(&sem, shared ? 1 : 0, value), 0);
    }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() { sem_destroy(&sem); }
    sem_t sem{};
};

TEST_P(PosixSemaphoreTest, EachPostLetsOneGoOn) {
    Semaphore semaphore(1);
    int got = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] {
            EXPECT_EQ(posix::sem_wait(&semaphore.sem), 0);
            ++got;
        }));
    }
    for (int expected = 1; expected <= 3; ++expected) {
        testing::wait_all_parked();
        EXPECT_EQ(got, expected);
        EXPECT_EQ(posix::sem_post(&semaphore.sem), 0);
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(posix::sem_trywait(&semaphore.sem), 0);
    EXPECT_EQ(posix::sem_trywait(&semaphore.sem), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST_P(PosixSemaphoreTest, TimedFormsEndByBothClocks) {
    Semaphore semaphore(0);
    const timespec steady = test::steady_time(now() + 1ms);
    EXPECT_EQ(posix::sem_clockwait(&semaphore.sem, CLOCK_MONOTONIC, &steady), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    const timespec real = test::real_time(1ms);
    EXPECT_EQ(posix::sem_timedwait(&semaphore.sem, &real), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_TRUE(test::is_over(CLOCK_REALTIME, real));
}

TEST_P(PosixSemaphoreTest, AWaitIsInterruptedAndTakesNothing) {
    Semaphore semaphore(0);
    auto cancelled = spawn([&] {
        EXPECT_EQ(posix::sem_wait(&semaphore.sem), -1);
        EXPECT_EQ(errno, ECANCELED);
        EXPECT_EQ(posix::sem_wait(&semaphore.sem), -1) << "and so is every later one";
        EXPECT_EQ(errno, ECANCELED);
    });
    testing::wait_all_parked();
    cancelled.cancel();
    cancelled.join();
    EXPECT_FALSE(move_on_after(1ms, [&] {
        EXPECT_EQ(posix::sem_wait(&semaphore.sem), -1);
        EXPECT_EQ(errno, ETIMEDOUT);
        sleep_for(1s);
    }));
    EXPECT_EQ(posix::sem_post(&semaphore.sem), 0);
    EXPECT_EQ(posix::sem_wait(&semaphore.sem), 0);
}

TEST_P(PosixSemaphoreTest, APostUnheardIsFoundWhereProcessesShareIt) {
    Semaphore semaphore(0, true);
    auto waiter = spawn([&] { EXPECT_EQ(posix::sem_wait(&semaphore.sem), 0); });
    yield();
    ASSERT_EQ(::sem_post(&semaphore.sem), 0);
    waiter.get();
}

TEST_P(PosixSemaphoreTest, APostFromASignalHandlerWakes) {
    Semaphore semaphore(0);
    auto waiter = spawn([&] { EXPECT_EQ(posix::sem_wait(&semaphore.sem), 0); });
    yield();
    EXPECT_EQ(impl::sem_post_from_signal(&semaphore.sem), 0);
    waiter.get();
}

TEST(PosixSemaphoreTestInParties, NoPostIsLost) {
    Semaphore semaphore(3);
    std::atomic<int> inside{0};
    test::in_parties([&](int) {
        for (int i = 0; i < test::rounds; ++i) {
            ASSERT_EQ(posix::sem_wait(&semaphore.sem), 0);
            EXPECT_LE(++inside, 3);
            if (i % 8 == 0) {
                yield();
            }
            --inside;
            ASSERT_EQ(posix::sem_post(&semaphore.sem), 0);
        }
    });
    int value = 0;
    ASSERT_EQ(sem_getvalue(&semaphore.sem, &value), 0);
    EXPECT_EQ(value, 3);
}

long futex(std::atomic<int>& word, int operation, int value, const timespec* limit = nullptr,
           unsigned bits = 0) {
    return posix::futex(reinterpret_cast<long>(&word), operation, value, reinterpret_cast<long>(limit), 0,
                        bits);
}

TEST_P(PosixSemaphoreTest, AFutexWakesAsManyAsItIsTold) {
    std::atomic<int> word{5};
    EXPECT_EQ(futex(word, FUTEX_WAIT_PRIVATE, 4), -1);
    EXPECT_EQ(errno, EAGAIN);
    int woken = 0;
    for (int i = 0; i < 3; ++i) {
        spawn_detached([&] {
            EXPECT_EQ(futex(word, FUTEX_WAIT_PRIVATE, 5), 0);
            ++woken;
        });
    }
    testing::wait_all_parked();
    EXPECT_EQ(futex(word, FUTEX_WAKE_PRIVATE, 2), 2);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 2);
    EXPECT_EQ(futex(word, FUTEX_WAKE_PRIVATE, INT_MAX), 1);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 3);
    EXPECT_EQ(futex(word, FUTEX_WAKE_PRIVATE, 1), 0);
}

TEST_P(PosixSemaphoreTest, AFutexHasBitsAndLimits) {
    std::atomic<int> word{0};
    auto waiter = spawn([&] { EXPECT_EQ(futex(word, FUTEX_WAIT_BITSET_PRIVATE, 0, nullptr, 2), 0); });
    testing::wait_all_parked();
    EXPECT_EQ(futex(word, FUTEX_WAKE_BITSET_PRIVATE, 1, nullptr, 1), 0);
    EXPECT_EQ(futex(word, FUTEX_WAKE_BITSET_PRIVATE, 1, nullptr, 6), 1);
    waiter.get();
    const TimePoint before = now();
    const timespec length{.tv_sec = 0, .tv_nsec = 2'000'000};
    EXPECT_EQ(futex(word, FUTEX_WAIT_PRIVATE, 0, &length), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_GE(now() - before, 2ms);
    const timespec steady = test::steady_time(before + 4ms);
    EXPECT_EQ(futex(word, FUTEX_WAIT_BITSET, 0, &steady, 1), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_GE(now() - before, 4ms);
}

TEST_P(PosixSemaphoreTest, AThreadIsJoinedWhileOthersRun) {
    std::atomic<bool> go{false};
    pthread_t thread{};
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* flag) -> void* {
                      static_cast<std::atomic<bool>*>(flag)->wait(false);
                      return flag;
                  },
                  &go),
              0);
    const timespec soon = test::steady_time(now() + 1ms);
    EXPECT_EQ(posix::pthread_clockjoin_np(thread, nullptr, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
    auto joiner = spawn([&] {
        void* result = nullptr;
        EXPECT_EQ(posix::pthread_join(thread, &result), 0);
        EXPECT_EQ(result, &go);
    });
    yield();
    go.store(true);
    go.notify_one();
    joiner.get();
    EXPECT_EQ(posix::pthread_join(pthread_self(), nullptr), EDEADLK);
}

int ended = 0;

TEST_P(PosixSemaphoreTest, KeysHaveAValuePerFiberThatEndsWithIt) {
    ended = 0;
    pthread_key_t key{};
    ASSERT_EQ(posix::pthread_key_create(&key, [](void* value) { ended += *static_cast<int*>(value); }), 0);
    std::array<int, 2> values{1, 10};
    std::vector<Fiber<>> fibers;
    for (int& value : values) {
        fibers.push_back(spawn([&] {
            EXPECT_EQ(posix::pthread_getspecific(key), nullptr);
            EXPECT_EQ(posix::pthread_setspecific(key, &value), 0);
            yield();
            EXPECT_EQ(posix::pthread_getspecific(key), &value);
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(ended, 11);
    EXPECT_EQ(posix::pthread_getspecific(key), nullptr);
    EXPECT_EQ(posix::pthread_key_delete(key), 0);
}

}  // namespace
}  // namespace weft
