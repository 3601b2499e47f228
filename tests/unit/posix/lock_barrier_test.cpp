// Barriers that processes share: fibers, threads and other processes are parties, also those that wait by libc's own function.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <new>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

constexpr int rounds = 20;

/// In memory that a child has, too.
class SharedBarrier {
public:
    explicit SharedBarrier(unsigned parties)
        : memory_(
              ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        if (memory_ == MAP_FAILED) {
            throw std::bad_alloc();
        }
        new (memory_) Memory();
        pthread_barrierattr_t attributes{};
        EXPECT_EQ(pthread_barrierattr_init(&attributes), 0);
        EXPECT_EQ(pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
        EXPECT_EQ(pthread_barrier_init(barrier(), &attributes, parties), 0);
        pthread_barrierattr_destroy(&attributes);
    }
    SharedBarrier(const SharedBarrier&) = delete;
    SharedBarrier& operator=(const SharedBarrier&) = delete;
    ~SharedBarrier() { ::munmap(memory_, sizeof(Memory)); }

    pthread_barrier_t* barrier() { return &static_cast<Memory*>(memory_)->barrier; }
    std::atomic<int>& arrived() { return static_cast<Memory*>(memory_)->arrived; }
    std::atomic<int>& serial() { return static_cast<Memory*>(memory_)->serial; }

private:
    struct Memory {
        pthread_barrier_t barrier{};
        std::atomic<int> arrived{0};
        std::atomic<int> serial{0};
    };
    void* memory_;
};

/// One of `parties`: goes through all rounds, and leaves none before all have come to it.
bool take_part(SharedBarrier& shared, int parties, int (*wait)(pthread_barrier_t*)) {
    bool right = true;
    for (int round = 1; round <= rounds; ++round) {
        ++shared.arrived();
        const int result = wait(shared.barrier());
        right = right && (result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD) &&
                shared.arrived() >= round * parties;
        shared.serial() += result == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0;
    }
    return right;
}

int by_libc(pthread_barrier_t* barrier) { return ::pthread_barrier_wait(barrier); }
int by_weft(pthread_barrier_t* barrier) { return posix::pthread_barrier_wait(barrier); }

std::vector<Fiber<>> fibers_at(SharedBarrier& shared, int count, int parties) {
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < count; ++i) {
        fibers.push_back(spawn([&shared, parties] { EXPECT_TRUE(take_part(shared, parties, by_weft)); }));
    }
    return fibers;
}

void join_all(std::vector<Fiber<>>& fibers) {
    for (auto& fiber : fibers) {
        fiber.get();
    }
}

WEFT_HUB_SUITE(PosixBarrierTest);

TEST_P(PosixBarrierTest, AProcessSharedBarrierOpensForFibersOfOneHub) {
    for (const int parties : {2, 3}) {
        SharedBarrier shared(static_cast<unsigned>(parties));
        auto fibers = fibers_at(shared, parties, parties);
        join_all(fibers);
        EXPECT_EQ(shared.arrived(), rounds * parties);
        EXPECT_EQ(shared.serial(), rounds) << "one in each round";
        EXPECT_EQ(posix::pthread_barrier_destroy(shared.barrier()), 0);
    }
}

TEST_P(PosixBarrierTest, AProcessThatWaitsByLibcIsAPartyOfASharedBarrier) {
    SharedBarrier shared(3);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(test::child_seconds);
        test::check_and_exit([&] { return take_part(shared, 3, by_libc); });
    }
    auto fibers = fibers_at(shared, 2, 3);
    join_all(fibers);
    EXPECT_CHILD_PASSES(test::await_child(child));
    EXPECT_EQ(shared.serial(), rounds);
    EXPECT_EQ(posix::pthread_barrier_destroy(shared.barrier()), 0);
}

TEST_P(PosixBarrierTest, ThreadsArePartiesOfASharedBarrierByWhateverFunctionTheyWait) {
    SharedBarrier shared(4);
    std::thread native([&] { EXPECT_TRUE(take_part(shared, 4, by_libc)); });
    std::thread cooperative([&] { EXPECT_TRUE(take_part(shared, 4, by_weft)); });
    auto fibers = fibers_at(shared, 2, 4);
    join_all(fibers);
    native.join();
    cooperative.join();
    EXPECT_EQ(shared.serial(), rounds);
    EXPECT_EQ(::pthread_barrier_destroy(shared.barrier()), 0) << "to libc it looks as it should";
}

TEST_P(PosixBarrierTest, WhoDestroysASharedBarrierWaitsForThoseThatHaveNotLeft) {
    for (int i = 0; i < rounds; ++i) {
        SharedBarrier shared(2);
        const auto wait_and_destroy = [&] {
            if (posix::pthread_barrier_wait(shared.barrier()) == PTHREAD_BARRIER_SERIAL_THREAD) {
                // The other one was woken and has not run yet.
                EXPECT_EQ(posix::pthread_barrier_destroy(shared.barrier()), 0);
                ++shared.serial();
            } else {
                EXPECT_EQ(shared.serial(), 0) << "it may be gone";
            }
        };
        auto one = spawn(wait_and_destroy);
        auto other = spawn(wait_and_destroy);
        one.get();
        other.get();
        EXPECT_EQ(shared.serial(), 1);
    }
}

TEST_P(PosixBarrierTest, ASharedBarrierGoesOnWhereItsCountsBeginAnew) {
    for (const unsigned parties : {2U, 3U}) {
        SharedBarrier shared(parties);
        // As after very many rounds: arrived, round and left, where libc has them.
        auto* const counts = reinterpret_cast<unsigned*>(shared.barrier());
        const unsigned most = UINT_MAX / 2 - UINT_MAX / 2 % parties;
        counts[0] = counts[1] = counts[4] = most - 3 * parties;
        auto fibers = fibers_at(shared, static_cast<int>(parties), static_cast<int>(parties));
        join_all(fibers);
        EXPECT_EQ(shared.serial(), rounds);
        EXPECT_EQ(counts[0], (rounds - 3) * parties);
        EXPECT_EQ(posix::pthread_barrier_destroy(shared.barrier()), 0);
    }
}

}  // namespace
}  // namespace weft
