// The standard library's locks, which know nothing of fibers, between fibers of one hub: contended, each would stop the hub for
// good without the shim.
#include <gtest/gtest.h>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>
#include <weft/shim/shim.hpp>

#include <cxxabi.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace weft {
namespace {

using namespace std::chrono_literals;

/// Runs body(0) ... body(count - 1) in as many fibers of one hub, to their end.
void in_fibers(int count, const std::function<void(int)>& body) {
    run([&] {
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < count; ++i) {
            fibers.push_back(spawn(body, i));
        }
        for (auto& fiber : fibers) {
            fiber.get();
        }
    });
}

/// Fibers lock it in turns, and let each other run while they hold it.
template <class Mutex>
void exclude_each_other() {
    Mutex mutex;
    int inside = 0;
    int done = 0;
    in_fibers(10, [&](int) {
        for (int i = 0; i < 50; ++i) {
            const std::lock_guard guard(mutex);
            EXPECT_EQ(++inside, 1);
            yield();
            --inside;
            ++done;
        }
    });
    EXPECT_EQ(done, 500);
}

TEST(ShimLocksTest, TheShimIsInPlace) {
    EXPECT_TRUE(shim::wraps("sem_clockwait"));
    EXPECT_TRUE(shim::enabled(shim::Group::locks));
}

TEST(ShimLocksTest, AMutexKeepsFibersOfOneHubApart) { exclude_each_other<std::mutex>(); }

TEST(ShimLocksTest, ARecursiveMutexBelongsToAFiber) {
    exclude_each_other<std::recursive_mutex>();
    std::recursive_mutex mutex;
    run([&] {
        const std::lock_guard outer(mutex);
        const std::lock_guard inner(mutex);
        spawn([&] { EXPECT_FALSE(mutex.try_lock()); }).get();
    });
}

TEST(ShimLocksTest, TimedAndSharedMutexesKeepFibersApart) {
    exclude_each_other<std::timed_mutex>();
    exclude_each_other<std::recursive_timed_mutex>();
    exclude_each_other<std::shared_mutex>();
    exclude_each_other<std::shared_timed_mutex>();
    std::timed_mutex mutex;
    run([&] {
        const std::lock_guard guard(mutex);
        spawn([&] { EXPECT_FALSE(mutex.try_lock_for(1ms)); }).get();
    });
}

TEST(ShimLocksTest, AConditionVariableParksTheFiber) {
    std::mutex mutex;
    std::condition_variable changed;
    int turn = 0;
    in_fibers(10, [&](int number) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return turn == 9 - number; });
        ++turn;
        changed.notify_all();
    });
    EXPECT_EQ(turn, 10);
    in_fibers(1, [&](int) {
        std::unique_lock lock(mutex);
        EXPECT_EQ(changed.wait_for(lock, 1ms), std::cv_status::timeout);
        EXPECT_EQ(changed.wait_until(lock, std::chrono::system_clock::now() + 1ms), std::cv_status::timeout);
    });
}

TEST(ShimLocksTest, WhatIsDoneOnceIsWaitedFor) {
    std::once_flag flag;
    int calls = 0;
    in_fibers(5, [&](int) {
        std::call_once(flag, [&] {
            yield();
            ++calls;
        });
        EXPECT_EQ(calls, 1);
    });
    std::once_flag thrown;
    in_fibers(5, [&](int number) {
        const auto first_throws = [&] {
            yield();
            if (++calls == 2) {
                throw number;
            }
        };
        try {
            std::call_once(thrown, first_throws);
        } catch (int) {
        }
    });
    EXPECT_EQ(calls, 3) << "once by who threw, once by the next one";
}

struct MadeSlowly {
    MadeSlowly() {
        yield();
        value = 7;
        yield();
    }
    int value = 0;
};

int slow_static() {
    static const MadeSlowly made;
    return made.value;
}

TEST(ShimLocksTest, AStaticObjectIsMadeWhileOthersWaitForIt) {
    in_fibers(5, [](int) { EXPECT_EQ(slow_static(), 7); });
}

int throwing_static(int& attempts) {
    static const int made = [&] {
        yield();
        if (++attempts < 3) {
            throw attempts;
        }
        return 5;
    }();
    return made;
}

TEST(ShimLocksTest, AStaticObjectThatCouldNotBeMadeIsMadeByTheNext) {
    int attempts = 0;
    in_fibers(5, [&](int) {
        try {
            EXPECT_EQ(throwing_static(attempts), 5);
        } catch (int) {
        }
    });
    EXPECT_EQ(attempts, 3);
}

TEST(ShimLocksTest, AnAtomicParksWhoWaitsForIt) {
    std::atomic<int> turn{0};
    in_fibers(10, [&](int number) {
        const int mine = 9 - number;
        for (int seen = turn.load(); seen != mine; seen = turn.load()) {
            turn.wait(seen);
        }
        turn.store(mine + 1);
        turn.notify_all();
    });
    EXPECT_EQ(turn.load(), 10);
}

TEST(ShimLocksTest, SemaphoresAndLatchesPark) {
    std::counting_semaphore<4> semaphore(0);
    std::latch latch(2);
    int got = 0;
    in_fibers(2, [&](int number) {
        if (number == 0) {
            semaphore.acquire();
            ++got;
            EXPECT_FALSE(semaphore.try_acquire_for(1ms));
        } else {
            yield();
            EXPECT_EQ(got, 0);
            semaphore.release();
        }
        latch.arrive_and_wait();
    });
    EXPECT_EQ(got, 1);
}

TEST(ShimLocksTest, AThreadIsJoinedByAFiberWhileOthersRun) {
    run([] {
        std::atomic<bool> go{false};
        std::thread thread([&] { go.wait(false); });
        auto joiner = spawn([&] { thread.join(); });
        yield();
        spawn([&] {
            go.store(true);
            go.notify_one();
        }).get();
        joiner.get();
    });
}

TEST(ShimLocksTest, FibersAndThreadsShareLocks) {
    std::mutex mutex;
    std::condition_variable changed;
    long count = 0;
    std::latch all(3);
    const auto work = [&](int) {
        for (int i = 0; i < 1000; ++i) {
            std::unique_lock lock(mutex);
            ++count;
            changed.notify_one();
            if (i % 100 == 0) {
                changed.wait_for(lock, 100us);
            }
        }
    };
    std::thread plain([&] {
        all.arrive_and_wait();
        work(0);
    });
    std::thread other_hub([&] {
        all.arrive_and_wait();
        in_fibers(4, work);
    });
    all.arrive_and_wait();
    in_fibers(4, work);
    plain.join();
    other_hub.join();
    EXPECT_EQ(count, 9000);
}

TEST(ShimLocksTest, C11LocksPark) {
    mtx_t mutex;
    cnd_t changed;
    ASSERT_EQ(mtx_init(&mutex, mtx_recursive | mtx_timed), thrd_success);
    ASSERT_EQ(cnd_init(&changed), thrd_success);
    bool ready = false;
    in_fibers(2, [&](int number) {
        EXPECT_EQ(mtx_lock(&mutex), thrd_success);
        if (number == 0) {
            while (!ready) {
                EXPECT_EQ(cnd_wait(&changed, &mutex), thrd_success);
            }
        } else {
            ready = true;
            EXPECT_EQ(cnd_signal(&changed), thrd_success);
        }
        EXPECT_EQ(mtx_unlock(&mutex), thrd_success);
    });
    cnd_destroy(&changed);
    mtx_destroy(&mutex);
}

sem_t told_by_signal;

TEST(ShimLocksTest, ASignalHandlerMayPostASemaphore) {
    ASSERT_EQ(sem_init(&told_by_signal, 0, 0), 0);
    struct sigaction action {};
    action.sa_handler = [](int) { sem_post(&told_by_signal); };
    struct sigaction before {};
    ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
    in_fibers(2, [&](int number) {
        if (number == 0) {
            EXPECT_EQ(sem_wait(&told_by_signal), 0);
        } else {
            raise(SIGUSR1);
        }
    });
    sigaction(SIGUSR1, &before, nullptr);
    sem_destroy(&told_by_signal);
}

long futex_of_two(std::atomic<int>& one, int operation, int wake, long other_limit, std::atomic<int>& other,
                  unsigned last) {
    return syscall(SYS_futex, &one, operation, wake, other_limit, &other, last);
}

TEST(ShimLocksTest, SystemCallsOnFutexesOfTwoWordsWakeFibersThatWaitForEither) {
    std::atomic<int> one{1};
    std::atomic<int> other{1};
    int woken = 0;
    in_fibers(3, [&](int number) {
        if (number < 2) {
            EXPECT_EQ(syscall(SYS_futex, number == 0 ? &one : &other, FUTEX_WAIT_PRIVATE, 1, nullptr), 0);
            ++woken;
        } else {
            const unsigned set_to_two = FUTEX_OP(FUTEX_OP_SET, 2, FUTEX_OP_CMP_EQ, 1);
            EXPECT_EQ(futex_of_two(one, FUTEX_WAKE_OP_PRIVATE, 1, 1, other, set_to_two), 2);
        }
    });
    EXPECT_EQ(other, 2);
    EXPECT_EQ(woken, 2);
    in_fibers(3, [&](int number) {
        if (number < 2) {
            EXPECT_EQ(syscall(SYS_futex, &one, FUTEX_WAIT_PRIVATE, 1, nullptr), 0);
            ++woken;
        } else {
            EXPECT_EQ(futex_of_two(one, FUTEX_CMP_REQUEUE_PRIVATE, 1, INT_MAX, other, 1), 2);
        }
    });
    EXPECT_EQ(woken, 4);
}

TEST(ShimLocksTest, ABarrierThatProcessesShareParks) {
    pthread_barrierattr_t attributes;
    ASSERT_EQ(pthread_barrierattr_init(&attributes), 0);
    ASSERT_EQ(pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
    pthread_barrier_t barrier;
    ASSERT_EQ(pthread_barrier_init(&barrier, &attributes, 3), 0);
    int last = 0;
    in_fibers(3, [&](int) {
        for (int round = 0; round < 5; ++round) {
            last += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0;
        }
    });
    EXPECT_EQ(last, 5);
    in_fibers(1, [&](int) { EXPECT_EQ(pthread_barrier_destroy(&barrier), 0); });
    pthread_barrierattr_destroy(&attributes);
}

TEST(ShimLocksTest, KeysArePerFiberOnRequest) {
    shim::enable({shim::Group::keys});
    pthread_key_t key{};
    static int ended;
    ended = 0;
    ASSERT_EQ(pthread_key_create(&key, [](void* value) { ended += *static_cast<int*>(value); }), 0);
    std::array<int, 3> values{1, 10, 100};
    in_fibers(3, [&](int number) {
        EXPECT_EQ(pthread_getspecific(key), nullptr);
        EXPECT_EQ(pthread_setspecific(key, &values[static_cast<std::size_t>(number)]), 0);
        yield();
        EXPECT_EQ(pthread_getspecific(key), &values[static_cast<std::size_t>(number)]);
    });
    EXPECT_EQ(ended, 111);
    EXPECT_EQ(pthread_key_delete(key), 0);
    shim::disable({shim::Group::keys});
}

// What libweft.so does itself goes to the C++ library's function, which sleeps in the kernel.
TEST(ShimLocks, WhoWaitsForAGuardInTheCppLibraryIsWokenByTheEndOfOneBegunHere) {
    using Acquire = int(abi::__guard*);
    auto* const acquire = reinterpret_cast<Acquire*>(weft::shim::original("__cxa_guard_acquire"));
    for (int round = 0; round < 300; ++round) {
        abi::__guard guard = 0;
        ASSERT_EQ(abi::__cxa_guard_acquire(&guard), 1);
        std::thread waiter([&] { EXPECT_EQ(acquire(&guard), 0); });
        // From when it is seen to wait it is on its way into the kernel, or there.
        while ((__atomic_load_n(&guard, __ATOMIC_ACQUIRE) & (1 << 16)) == 0) {
            std::this_thread::yield();
        }
        for (int turn = 0; turn < round % 20; ++turn) {
            std::this_thread::yield();
        }
        abi::__cxa_guard_release(&guard);
        waiter.join();
    }
}

}  // namespace
}  // namespace weft
