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
#include <unistd.h>

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

/// With a second word; `other` is how many to move, where the kernel has the limit.
long futex_of_two(std::atomic<int>& word, int operation, int value, long other, std::atomic<int>& second,
                  unsigned last) {
    return posix::futex(reinterpret_cast<long>(&word), operation, value, other,
                        reinterpret_cast<long>(&second), last);
}

TEST_P(PosixSemaphoreTest, AFutexThatMovesItsWaitersWakesTheFibersIfTheWordIsAsExpected) {
    std::atomic<int> condition{1};
    std::atomic<int> lock{0};
    int woken = 0;
    for (int i = 0; i < 3; ++i) {
        spawn_detached([&] {
            EXPECT_EQ(futex(condition, FUTEX_WAIT_PRIVATE, 1), 0);
            ++woken;
        });
    }
    testing::wait_all_parked();
    EXPECT_EQ(futex_of_two(condition, FUTEX_CMP_REQUEUE_PRIVATE, 1, INT_MAX, lock, 2), -1);
    EXPECT_EQ(errno, EAGAIN);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 0);
    EXPECT_EQ(futex_of_two(condition, FUTEX_CMP_REQUEUE_PRIVATE, 1, INT_MAX, lock, 1), 3);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 3);
}

TEST_P(PosixSemaphoreTest, AFutexOperationChangesTheSecondWordAndWakesWhoWaitsForEither) {
    std::atomic<int> one{1};
    std::atomic<int> other{1};
    int woken = 0;
    const auto wait_for = [&](std::atomic<int>& word) {
        spawn_detached([&] {
            EXPECT_EQ(futex(word, FUTEX_WAIT_PRIVATE, 1), 0);
            ++woken;
        });
    };
    wait_for(one);
    wait_for(other);
    testing::wait_all_parked();
    const unsigned set_to_five_if_one = FUTEX_OP(FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 1);
    EXPECT_EQ(futex_of_two(one, FUTEX_WAKE_OP_PRIVATE, 1, 1, other, set_to_five_if_one), 2);
    EXPECT_EQ(other, 5);
    testing::wait_all_parked();
    EXPECT_EQ(woken, 2);
}

/// A lock of the kind that the kernel knows the owner of: 0, or the owner's thread and a bit for waiters.
class InheritingLock {
public:
    long lock(int operation = FUTEX_LOCK_PI_PRIVATE, const timespec* until = nullptr) {
        int free = 0;
        return word.compare_exchange_strong(free, ::gettid()) ? 0 : futex(word, operation, 0, until);
    }
    void unlock() {
        int mine = ::gettid();
        if (!word.compare_exchange_strong(mine, 0)) {
            EXPECT_EQ(futex(word, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
        }
    }
    std::atomic<int> word{0};
};

TEST_P(PosixSemaphoreTest, AFutexThatInheritsPriorityKeepsFibersOfOneThreadApart) {
    InheritingLock lock;
    int inside = 0;
    std::vector<Fiber<>> fibers;
    for (int n = 0; n < 3; ++n) {
        fibers.push_back(spawn([&] {
            for (int i = 0; i < 20; ++i) {
                ASSERT_EQ(lock.lock(), 0);
                EXPECT_EQ(++inside, 1);
                yield();
                --inside;
                lock.unlock();
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(lock.word, 0);
}

TEST_P(PosixSemaphoreTest, AFutexThatInheritsPriorityIsWaitedForWhileAThreadHasIt) {
    InheritingLock lock;
    std::atomic<bool> locked{false};
    std::atomic<bool> go{false};
    std::thread owner([&] {
        EXPECT_EQ(lock.lock(), 0);
        locked.store(true);
        locked.notify_one();
        go.wait(false);
        lock.unlock();
    });
    locked.wait(false);
    auto waiter = spawn([&] {
        EXPECT_EQ(lock.lock(), 0);
        lock.unlock();
    });
    yield();
    EXPECT_FALSE(waiter.ready());
    go.store(true);
    go.notify_one();
    waiter.get();
    owner.join();
    EXPECT_EQ(lock.word, 0);
}

TEST_P(PosixSemaphoreTest, AFutexThatInheritsPriorityHasLimitsOfBothClocks) {
    InheritingLock lock;
    ASSERT_EQ(lock.lock(), 0);
    spawn([&] {
        const timespec real = test::real_time(2ms);
        EXPECT_EQ(lock.lock(FUTEX_LOCK_PI_PRIVATE, &real), -1);
        EXPECT_EQ(errno, ETIMEDOUT);
        EXPECT_TRUE(test::is_over(CLOCK_REALTIME, real));
        const TimePoint before = now();
        const timespec steady = test::steady_time(before + 2ms);
        EXPECT_EQ(lock.lock(FUTEX_LOCK_PI2_PRIVATE, &steady), -1);
        EXPECT_EQ(errno, ETIMEDOUT);
        EXPECT_GE(now() - before, 2ms);
        const timespec no_time{.tv_sec = 1, .tv_nsec = -1};
        EXPECT_EQ(lock.lock(FUTEX_LOCK_PI_PRIVATE, &no_time), -1);
        EXPECT_EQ(errno, EINVAL);
    }).get();
    lock.unlock();
    EXPECT_EQ(lock.word, 0);
}

TEST_P(PosixSemaphoreTest, WhoIsMovedToAFutexThatInheritsPriorityHasItAfterwards) {
    InheritingLock lock;
    std::atomic<int> condition{0};
    int inside = 0;
    std::vector<Fiber<>> waiters;
    for (int i = 0; i < 2; ++i) {
        waiters.push_back(spawn([&] {
            EXPECT_EQ(futex_of_two(condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, 0, lock.word, 0), 0);
            EXPECT_EQ(++inside, 1);
            yield();
            --inside;
            lock.unlock();
        }));
    }
    testing::wait_all_parked();
    ASSERT_EQ(lock.lock(), 0);
    condition.store(1);
    EXPECT_EQ(futex_of_two(condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, INT_MAX, lock.word, 1), 2);
    yield();
    EXPECT_EQ(inside, 0) << "not before it is free";
    lock.unlock();
    for (auto& waiter : waiters) {
        waiter.get();
    }
    EXPECT_EQ(lock.word, 0);
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
