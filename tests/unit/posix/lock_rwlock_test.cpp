// pthread_rwlock_*: readers together, writers alone, whoever they are.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "support/hub_fixture.hpp"
#include "support/parties.hpp"
#include "support/posix_locks.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PosixRwlockTest);

TEST_P(PosixRwlockTest, ReadersReadTogetherAndAWriterWaitsForAllOfThem) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
    auto reader = spawn([&] {
        ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
        yield();
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    bool written = false;
    auto writer = spawn([&] {
        EXPECT_EQ(posix::pthread_rwlock_trywrlock(&lock), EBUSY);
        ASSERT_EQ(posix::pthread_rwlock_wrlock(&lock), 0);
        written = true;
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    reader.get();
    testing::wait_all_parked();
    EXPECT_FALSE(written);
    ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    writer.get();
    EXPECT_TRUE(written);
}

TEST_P(PosixRwlockTest, BelongsToTheFiberThatWrites) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(posix::pthread_rwlock_wrlock(&lock), 0);
    EXPECT_EQ(posix::pthread_rwlock_wrlock(&lock), EDEADLK);
    EXPECT_EQ(posix::pthread_rwlock_rdlock(&lock), EDEADLK);
    std::string log;
    auto reader = spawn([&] {
        EXPECT_EQ(posix::pthread_rwlock_unlock(&lock), EPERM);
        EXPECT_EQ(posix::pthread_rwlock_tryrdlock(&lock), EBUSY);
        ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
        log += 'r';
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    auto writer = spawn([&] {
        ASSERT_EQ(posix::pthread_rwlock_wrlock(&lock), 0);
        log += 'w';
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    testing::wait_all_parked();
    EXPECT_EQ(log, "");
    ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    reader.get();
    writer.get();
    EXPECT_EQ(log, "rw");
}

TEST_P(PosixRwlockTest, TheKindThatPrefersWritersLetsNoReaderPassThem) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
    std::string log;
    auto writer = spawn([&] {
        ASSERT_EQ(posix::pthread_rwlock_wrlock(&lock), 0);
        log += 'w';
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    auto reader = spawn([&] {
        EXPECT_EQ(posix::pthread_rwlock_tryrdlock(&lock), EBUSY);
        ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
        log += 'r';
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    testing::wait_all_parked();
    ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    writer.get();
    reader.get();
    EXPECT_EQ(log, "wr");
}

TEST_P(PosixRwlockTest, AWriterThatGivesUpLetsTheReadersBehindItIn) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
    auto writer = spawn([&] {
        const timespec until = test::steady_time(now() + 2ms);
        EXPECT_EQ(posix::pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &until), ETIMEDOUT);
    });
    auto reader = spawn([&] {
        ASSERT_EQ(posix::pthread_rwlock_rdlock(&lock), 0);
        ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
    });
    reader.get();
    writer.get();
    ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
}

TEST_P(PosixRwlockTest, TimedFormsEndByBothClocks) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(posix::pthread_rwlock_wrlock(&lock), 0);
    spawn([&] {
        const timespec steady = test::steady_time(now() + 1ms);
        EXPECT_EQ(posix::pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &steady), ETIMEDOUT);
        const timespec real = test::real_time(1ms);
        EXPECT_EQ(posix::pthread_rwlock_timedrdlock(&lock, &real), ETIMEDOUT);
        EXPECT_EQ(posix::pthread_rwlock_timedwrlock(&lock, &real), ETIMEDOUT);
        EXPECT_TRUE(test::is_over(CLOCK_REALTIME, real));
    }).get();
    ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
}

/// That other processes may have, too.
struct SharedLock {
    SharedLock() {
        pthread_rwlockattr_t attributes{};
        EXPECT_EQ(pthread_rwlockattr_init(&attributes), 0);
        EXPECT_EQ(pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
        EXPECT_EQ(pthread_rwlock_init(&lock, &attributes), 0);
        pthread_rwlockattr_destroy(&attributes);
    }
    SharedLock(const SharedLock&) = delete;
    SharedLock& operator=(const SharedLock&) = delete;
    ~SharedLock() { pthread_rwlock_destroy(&lock); }
    pthread_rwlock_t lock{};
};

TEST_P(PosixRwlockTest, OneThatProcessesShareKeepsFibersOfOneHubApart) {
    SharedLock shared;
    int writing = 0;
    std::vector<Fiber<>> fibers;
    for (int n = 0; n < 4; ++n) {
        fibers.push_back(spawn([&, n] {
            const bool writes = n % 2 == 0;
            for (int i = 0; i < 20; ++i) {
                ASSERT_EQ(writes ? posix::pthread_rwlock_wrlock(&shared.lock)
                                 : posix::pthread_rwlock_rdlock(&shared.lock),
                          0);
                writing += writes ? 1 : 0;
                EXPECT_EQ(writing, writes ? 1 : 0);
                yield();
                writing -= writes ? 1 : 0;
                ASSERT_EQ(posix::pthread_rwlock_unlock(&shared.lock), 0);
            }
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
}

TEST_P(PosixRwlockTest, OneThatProcessesShareIsTriedAgainAndAgain) {
    SharedLock shared;
    ASSERT_EQ(::pthread_rwlock_rdlock(&shared.lock), 0);
    auto writer = spawn([&] {
        ASSERT_EQ(posix::pthread_rwlock_wrlock(&shared.lock), 0);
        ASSERT_EQ(posix::pthread_rwlock_unlock(&shared.lock), 0);
    });
    yield();
    ASSERT_EQ(::pthread_rwlock_unlock(&shared.lock), 0) << "as another process does it, unheard";
    writer.get();
}

TEST(PosixRwlockTestInParties, WritersAreAlone) {
    for (const int kind : {PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP}) {
        pthread_rwlockattr_t attributes{};
        ASSERT_EQ(pthread_rwlockattr_init(&attributes), 0);
        ASSERT_EQ(pthread_rwlockattr_setkind_np(&attributes, kind), 0);
        pthread_rwlock_t lock{};
        ASSERT_EQ(pthread_rwlock_init(&lock, &attributes), 0);
        std::atomic<int> readers{0};
        long count = 0;
        test::in_parties([&](int party) {
            for (int i = 0; i < test::rounds; ++i) {
                const bool writes = (party + i) % 3 == 0;
                ASSERT_EQ(writes ? posix::pthread_rwlock_wrlock(&lock) : posix::pthread_rwlock_rdlock(&lock),
                          0);
                if (writes) {
                    EXPECT_EQ(readers.load(), 0);
                    ++count;
                } else {
                    ++readers;
                }
                if (i % 16 == 0) {
                    yield();
                }
                if (!writes) {
                    --readers;
                }
                ASSERT_EQ(posix::pthread_rwlock_unlock(&lock), 0);
            }
        });
        EXPECT_EQ(count, 10 * test::rounds / 3);
        EXPECT_EQ(pthread_rwlock_destroy(&lock), 0);
        pthread_rwlockattr_destroy(&attributes);
    }
}

}  // namespace
}  // namespace weft
