// The waiting calls of sync.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>

#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct EventWait : WaitingCall {
    void call(Deadline deadline) override { event.wait(deadline); }
    void fulfil() override { event.set(); }
    void expect_untouched() override { EXPECT_FALSE(event.is_set()); }
    Event event;
};
WEFT_WAITING_CALL("Event::wait", EventWait);

/// The holder is the test's main fiber.
struct MutexLock : WaitingCall {
    MutexLock() { mutex.lock(); }
    void call(Deadline deadline) override {
        mutex.lock(deadline);
        mutex.unlock();
    }
    void fulfil() override { mutex.unlock(); }
    void expect_untouched() override { EXPECT_FALSE(mutex.try_lock()); }
    Mutex mutex;
};
WEFT_WAITING_CALL("Mutex::lock", MutexLock);

struct MutexTryLockFor : MutexLock {
    void call(Deadline) override {
        EXPECT_TRUE(mutex.try_lock_for(1h));
        mutex.unlock();
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Mutex::try_lock_for", MutexTryLockFor);

struct SemaphoreAcquire : WaitingCall {
    void call(Deadline deadline) override { semaphore.acquire(deadline); }
    void fulfil() override { semaphore.release(); }
    void expect_untouched() override {
        EXPECT_FALSE(semaphore.try_acquire());
        // Nobody has stayed behind in the queue to take the next unit.
        semaphore.release();
        EXPECT_TRUE(semaphore.try_acquire());
    }
    Semaphore semaphore{0};
};
WEFT_WAITING_CALL("Semaphore::acquire", SemaphoreAcquire);

struct SemaphoreTryAcquireFor : SemaphoreAcquire {
    void call(Deadline) override { EXPECT_TRUE(semaphore.try_acquire_for(1h)); }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Semaphore::try_acquire_for", SemaphoreTryAcquireFor);

struct ConditionWait : WaitingCall {
    void call(Deadline deadline) override {
        std::unique_lock lock(mutex);
        struct HoldsTheLock {
            std::unique_lock<Mutex>& checked;
            ~HoldsTheLock() { EXPECT_TRUE(checked.owns_lock()) << "however the wait has ended"; }
        } check{lock};
        wait(lock, deadline);
    }
    virtual void wait(std::unique_lock<Mutex>& lock, Deadline deadline) { condition.wait(lock, deadline); }
    void fulfil() override {
        happened = true;
        condition.notify_one();
    }
    void expect_untouched() override {
        EXPECT_TRUE(mutex.try_lock());
        mutex.unlock();
    }
    Mutex mutex;
    ConditionVariable condition;
    bool happened = false;
};
struct ConditionWaitPredicate : ConditionWait {
    void wait(std::unique_lock<Mutex>& lock, Deadline deadline) override {
        condition.wait(
            lock, [this] { return happened; }, deadline);
    }
};
WEFT_WAITING_CALL("ConditionVariable::wait", ConditionWait);
WEFT_WAITING_CALL("ConditionVariable::wait", ConditionWaitPredicate);

struct ConditionWaitFor : ConditionWait {
    void wait(std::unique_lock<Mutex>& lock, Deadline) override {
        EXPECT_EQ(condition.wait_for(lock, 1h), std::cv_status::no_timeout);
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("ConditionVariable::wait_for", ConditionWaitFor);

}  // namespace
}  // namespace weft::test
