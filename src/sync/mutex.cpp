// Mutex: one bit of state above a queue of waiters, and who holds it.
#include <weft/sync/mutex.hpp>

#include "base/assert.hpp"
#include "sync/identity.hpp"
#include "sync/wait_queue.hpp"

namespace weft {

using impl::WaitQueue;
using Record = impl::QueueRecord<WaitQueue>;

using impl::identity;

bool Mutex::lock_word() noexcept {
    std::uint32_t free = 0;
    return queue_.word.compare_exchange_strong(free, locked, std::memory_order_acquire,
                                               std::memory_order_relaxed);
}

bool Mutex::enlist(impl::WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool queued = (before & locked) != 0;
    if (queued) {
        queue_.list.push(node);
    }
    queue_.publish(before | locked);
    return queued;
}

void Mutex::check_not_mine(const void* self) const noexcept {
    // Only the caller writes its own name there, so that no order between threads matters.
    WEFT_CHECK(owner_.load(std::memory_order_relaxed) != self,
               "lock of a Mutex that the caller holds already");
}

bool Mutex::held_by_caller() const noexcept { return owner_.load(std::memory_order_relaxed) == identity(); }

void Mutex::lock(Deadline deadline) {
    const void* self = identity();
    if (!lock_word()) {
        check_not_mine(self);
        Record record(impl::WaitReason::mutex, this, queue_);
        record.holder = &owner_;
        if (enlist(record.node)) {
            impl::park_or_throw(record, deadline, "lock of a mutex");
        }
    }
    owner_.store(self, std::memory_order_relaxed);
}

bool Mutex::lock_by(Deadline deadline) {
    const void* self = identity();
    if (!lock_word()) {
        check_not_mine(self);
        Record record(impl::WaitReason::mutex, this, queue_);
        record.holder = &owner_;
        if (enlist(record.node) && !impl::woken_in_time(record, deadline)) {
            return false;
        }
    }
    owner_.store(self, std::memory_order_relaxed);
    return true;
}

bool Mutex::lock_uninterrupted() {
    const void* self = identity();
    if (!lock_word()) {
        Record record(impl::WaitReason::mutex, this, queue_);
        record.holder = &owner_;
        Deadline deadline = never;
        if (enlist(record.node) && impl::park_shielded(record, deadline) == impl::Wake::interrupted) {
            return false;
        }
    }
    owner_.store(self, std::memory_order_relaxed);
    return true;
}

bool Mutex::try_lock() noexcept {
    if (!lock_word()) {
        return false;
    }
    owner_.store(identity(), std::memory_order_relaxed);
    return true;
}

void Mutex::unlock() noexcept {
    WEFT_CHECK(owner_.load(std::memory_order_relaxed) == identity(),
               "unlock of a Mutex that the caller does not hold");
    owner_.store(nullptr, std::memory_order_relaxed);
    std::uint32_t held = locked;
    if (queue_.word.compare_exchange_strong(held, 0, std::memory_order_release, std::memory_order_relaxed)) {
        return;
    }
    const std::uint32_t before = queue_.claim();
    impl::WaitRecord* next = queue_.list.pop();
    // Handed over, it stays locked.
    queue_.publish(next != nullptr ? before : before & ~locked);
    if (next != nullptr) {
        impl::wake(*next);
    }
}

}  // namespace weft
