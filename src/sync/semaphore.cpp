// Semaphore: a count of units above a queue of waiters.
#include <weft/sync/semaphore.hpp>

#include "base/assert.hpp"
#include "sync/wait_queue.hpp"

namespace weft {

using impl::WaitQueue;
using Record = impl::QueueRecord<WaitQueue>;

static_assert(impl::Awaitable<Semaphore>);

Semaphore::Semaphore(std::uint32_t units, std::uint32_t bound) : queue_(units * unit), bound_(bound) {
    WEFT_CHECK(bound <= largest && units <= bound, "a Semaphore of %u units with bound %u; the largest is %u",
               units, bound, largest);
}

inline bool Semaphore::enlist_or_take(impl::WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool queued = before < unit;
    if (queued) {
        queue_.list.push(node);
        queue_.publish(before);
    } else {
        queue_.publish(node.record->take(node.tag) ? before - unit : before);
    }
    return queued;
}

void Semaphore::acquire(Deadline deadline) {
    if (try_acquire()) {
        return;
    }
    Record record(impl::WaitReason::semaphore, this, queue_);
    if (enlist_or_take(record.node)) {
        impl::park_or_throw(record, deadline, "acquire of a semaphore");
    }
}

bool Semaphore::acquire_by(Deadline deadline) {
    if (try_acquire()) {
        return true;
    }
    Record record(impl::WaitReason::semaphore, this, queue_);
    return !enlist_or_take(record.node) || impl::woken_in_time(record, deadline);
}

bool Semaphore::try_acquire() noexcept {
    std::uint32_t before = queue_.word.load(std::memory_order_relaxed);
    while (before >= unit) {
        if ((before & WaitQueue::busy) != 0) {
            before = impl::await_idle(queue_.word);
        } else if (queue_.word.compare_exchange_weak(before, before - unit, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void Semaphore::release(std::uint32_t units) noexcept {
    const std::uint32_t before = queue_.claim();
    // Units are there only where nobody waits for one.
    if (units == 1) [[likely]] {
        if (impl::WaitRecord* next = queue_.list.pop()) {
            queue_.publish(before);
            impl::wake(*next);
            return;
        }
    }
    release_several(units, before);
}

void Semaphore::release_several(std::uint32_t units, std::uint32_t before) noexcept {
    impl::WaitNode* served = queue_.list.pop_chain(units);
    std::uint32_t left = units;
    for (const impl::WaitNode* node = served; node != nullptr; node = node->next) {
        --left;
    }
    WEFT_CHECK(left <= bound_ - before / unit,
               "release of %u units makes more than the %u of the semaphore's bound", units, bound_);
    queue_.publish(before + left * unit);
    impl::wake_chain(served);
}

bool Semaphore::enlist(impl::WaitNode& node) noexcept { return enlist_or_take(node); }

bool Semaphore::delist(impl::WaitNode& node) noexcept { return queue_.delist(node); }

Waitable Semaphore::waitable() noexcept { return impl::make_waitable(*this); }

}  // namespace weft
