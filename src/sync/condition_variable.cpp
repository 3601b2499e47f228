// ConditionVariable: a queue of waiters, each of which gives its mutex back meanwhile.
#include <weft/sync/condition_variable.hpp>

#include "base/assert.hpp"
#include "sync/wait_queue.hpp"

#include <weft/base/error.hpp>

namespace weft {

using impl::WaitQueue;

void ConditionVariable::wait(std::unique_lock<Mutex>& lock, Deadline deadline) {
    if (!wait_once(lock, deadline)) {
        fail();
    }
}

void ConditionVariable::fail() { throw TimeoutError("wait for a condition variable"); }

bool ConditionVariable::wait_once(std::unique_lock<Mutex>& lock, Deadline& deadline) {
    WEFT_CHECK(lock.owns_lock(), "wait for a ConditionVariable without its mutex");
    // Locks again at the end, however the wait ends.
    struct Relock {
        std::unique_lock<Mutex>& lock;
        void operator()() const {
            if (!lock.mutex()->lock_uninterrupted()) {
                lock.release();
                impl::throw_interrupt();
            }
        }
    };
    const Relock relock{lock};
    impl::QueueRecord<WaitQueue> record(impl::WaitReason::condition, this, queue_);
    const std::uint32_t before = queue_.claim();
    queue_.list.push(record.node);
    queue_.publish(before);
    lock.mutex()->unlock();
    impl::Wake how{};
    try {
        how = impl::park(record, deadline);
    } catch (...) {
        relock();
        throw;
    }
    relock();
    if (how == impl::Wake::interrupted) {
        impl::throw_interrupt();
    }
    return how == impl::Wake::woken;
}

void ConditionVariable::notify_one() noexcept {
    // Who has seen the state of before the change has queued while it held the mutex, thus before the caller
    // did.
    if (queue_.word.load(std::memory_order_relaxed) == 0) {
        return;
    }
    const std::uint32_t before = queue_.claim();
    impl::WaitRecord* woken = queue_.list.pop();
    queue_.publish(before);
    if (woken != nullptr) {
        impl::wake(*woken);
    }
}

void ConditionVariable::notify_all() noexcept {
    if (queue_.word.load(std::memory_order_relaxed) == 0) {
        return;
    }
    const std::uint32_t before = queue_.claim();
    impl::WaitNode* woken = queue_.list.pop_chain(SIZE_MAX);
    queue_.publish(before);
    impl::wake_chain(woken);
}

}  // namespace weft
