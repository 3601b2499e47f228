// The waiting calls of the further locks of sync, and of those types where fibers wait for one another.
#include <gtest/gtest.h>

#include <chrono>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/capacity_limiter.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/once.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/wait_group.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

/// The holder is the test's main fiber.
struct RecursiveLock : WaitingCall {
    RecursiveLock() { mutex.lock(); }
    void call(Deadline deadline) override {
        mutex.lock(deadline);
        mutex.unlock();
    }
    void fulfil() override { mutex.unlock(); }
    void expect_untouched() override {
        EXPECT_TRUE(mutex.try_lock()) << "the holder's, still";
        mutex.unlock();
    }
    RecursiveMutex mutex;
};
WEFT_WAITING_CALL("RecursiveMutex::lock", RecursiveLock);

struct RecursiveTryLockFor : RecursiveLock {
    void call(Deadline) override {
        EXPECT_TRUE(mutex.try_lock_for(1h));
        mutex.unlock();
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("RecursiveMutex::try_lock_for", RecursiveTryLockFor);

struct SharedLock : WaitingCall {
    SharedLock() { mutex.lock(); }
    void call(Deadline deadline) override {
        mutex.lock_shared(deadline);
        mutex.unlock_shared();
    }
    void fulfil() override { mutex.unlock(); }
    void expect_untouched() override { EXPECT_FALSE(mutex.try_lock_shared()); }
    SharedMutex mutex;
};
WEFT_WAITING_CALL("SharedMutex::lock_shared", SharedLock);

struct SharedTryLockFor : SharedLock {
    void call(Deadline) override {
        EXPECT_TRUE(mutex.try_lock_shared_for(1h));
        mutex.unlock_shared();
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("SharedMutex::try_lock_shared_for", SharedTryLockFor);

/// Behind somebody who shares it.
struct AloneLock : WaitingCall {
    AloneLock() { mutex.lock_shared(); }
    void call(Deadline deadline) override {
        mutex.lock(deadline);
        mutex.unlock();
    }
    void fulfil() override { mutex.unlock_shared(); }
    void expect_untouched() override {
        EXPECT_TRUE(mutex.try_lock_shared()) << "nobody waits any more";
        mutex.unlock_shared();
    }
    SharedMutex mutex;
};
WEFT_WAITING_CALL("SharedMutex::lock", AloneLock);

struct AloneTryLockFor : AloneLock {
    void call(Deadline) override {
        EXPECT_TRUE(mutex.try_lock_for(1h));
        mutex.unlock();
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("SharedMutex::try_lock_for", AloneTryLockFor);

struct LatchWait : WaitingCall {
    void call(Deadline deadline) override { latch.wait(deadline); }
    void fulfil() override { latch.count_down(2); }
    void expect_untouched() override { EXPECT_FALSE(latch.try_wait()); }
    Latch latch{2};
};
WEFT_WAITING_CALL("Latch::wait", LatchWait);

struct LatchArrive : LatchWait {
    void call(Deadline deadline) override { latch.arrive_and_wait(1, deadline); }
    void fulfil() override { latch.count_down(); }
};
WEFT_WAITING_CALL("Latch::arrive_and_wait", LatchArrive);

struct WaitGroupWait : WaitingCall {
    void call(Deadline deadline) override { jobs.wait(deadline); }
    void fulfil() override { jobs.done(); }
    void expect_untouched() override { EXPECT_EQ(jobs.count(), 1U); }
    WaitGroup jobs{1};
};
WEFT_WAITING_CALL("WaitGroup::wait", WaitGroupWait);

struct BarrierArrive : WaitingCall {
    void call(Deadline deadline) override { EXPECT_FALSE(barrier.arrive_and_wait(deadline)); }
    void fulfil() override { barrier.drop(); }
    void expect_untouched() override { EXPECT_EQ(barrier.waiting(), 0U); }
    Barrier barrier{2};
};
WEFT_WAITING_CALL("Barrier::arrive_and_wait", BarrierArrive);

/// Somebody else has the only token.
struct LimiterAcquire : WaitingCall {
    LimiterAcquire() { limiter.acquire_on_behalf_of(this); }
    void call(Deadline deadline) override {
        limiter.acquire(deadline);
        limiter.release();
    }
    void fulfil() override { limiter.release_on_behalf_of(this); }
    void expect_untouched() override { EXPECT_EQ(limiter.borrowed(), 1U); }
    CapacityLimiter limiter{1};
};
WEFT_WAITING_CALL("CapacityLimiter::acquire", LimiterAcquire);

/// Another one is in it, and sleeps.
struct OnceCall : WaitingCall {
    void call(Deadline) override {
        once.call([] {});
    }
    void fulfil() override { first.cancel(); }
    void expect_untouched() override { EXPECT_FALSE(once.is_done()); }
    bool takes_deadline() const override { return false; }
    Once once;
    Fiber<> first = spawn([this] { once.call([] { sleep_for(1h); }); });
};
WEFT_WAITING_CALL("Once::call", OnceCall);

}  // namespace
}  // namespace weft::test
