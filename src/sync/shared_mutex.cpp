// SharedMutex: who has it alone or the number of those that share it, above one queue for both.
#include <weft/sync/shared_mutex.hpp>

#include "base/assert.hpp"
#include "sync/identity.hpp"
#include "sync/wait_queue.hpp"

#include <weft/base/error.hpp>

namespace weft {

using impl::WaitQueue;
using Record = impl::QueueRecord<SharedMutex>;

namespace {

/// WaitNode::tag, which is free here: nobody waits for several of these at once.
constexpr std::uint32_t wants_share = 0;
constexpr std::uint32_t wants_alone = 1;

}  // namespace

bool SharedMutex::try_lock() noexcept {
    std::uint32_t free = 0;
    if (!queue_.word.compare_exchange_strong(free, alone, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        return false;
    }
    owner_.store(impl::identity(), std::memory_order_relaxed);
    return true;
}

bool SharedMutex::try_lock_shared() noexcept {
    std::uint32_t before = queue_.word.load(std::memory_order_relaxed);
    while ((before & (alone | WaitQueue::waiting)) == 0) {
        if ((before & WaitQueue::busy) != 0) {
            before = impl::await_idle(queue_.word);
        } else if (queue_.word.compare_exchange_weak(before, before + share, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/// Grants what the state allows to the front of the queue, and publishes. The caller has the claim.
void SharedMutex::serve(std::uint32_t state) noexcept {
    state &= ~WaitQueue::waiting;
    impl::WaitNode* granted = nullptr;
    impl::WaitNode** end = &granted;
    for (impl::WaitNode* node = queue_.list.first(); node != nullptr; node = queue_.list.first()) {
        const bool to_share = node->tag == wants_share;
        if ((state & alone) != 0 || (!to_share && state != 0)) {
            break;
        }
        queue_.list.remove(*node);
        node->next = nullptr;
        *end = node;
        end = &node->next;
        state += to_share ? share : alone;
    }
    queue_.publish(state);
    impl::wake_chain(granted);
}

bool SharedMutex::enlist(impl::WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool to_share = node.tag == wants_share;
    const bool queued = !queue_.list.empty() || (before & alone) != 0 || (!to_share && before != 0);
    if (queued) {
        queue_.list.push(node);
        queue_.publish(before);
    } else {
        queue_.publish(before + (to_share ? share : alone));
    }
    return queued;
}

bool SharedMutex::delist(impl::WaitNode& node) noexcept {
    const std::uint32_t state = queue_.claim();
    const bool linked = node.linked;
    if (linked) {
        queue_.list.remove(node);
    }
    // Who waits to share may have waited for this one only.
    serve(state);
    return linked;
}

bool SharedMutex::lock_by(Deadline deadline) {
    const void* self = impl::identity();
    if (try_lock()) {
        return true;
    }
    WEFT_CHECK(owner_.load(std::memory_order_relaxed) != self,
               "lock of a SharedMutex that the caller has alone already");
    Record record(impl::WaitReason::mutex, this, *this);
    record.holder = &owner_;
    record.node.tag = wants_alone;
    if (enlist(record.node) && !impl::woken_in_time(record, deadline)) {
        return false;
    }
    owner_.store(self, std::memory_order_relaxed);
    return true;
}

void SharedMutex::lock(Deadline deadline) {
    if (!lock_by(deadline)) {
        throw TimeoutError("lock of a shared mutex");
    }
}

bool SharedMutex::lock_shared_by(Deadline deadline) {
    if (try_lock_shared()) {
        return true;
    }
    Record record(impl::WaitReason::mutex, this, *this);
    record.holder = &owner_;
    record.node.tag = wants_share;
    return !enlist(record.node) || impl::woken_in_time(record, deadline);
}

void SharedMutex::lock_shared(Deadline deadline) {
    if (!lock_shared_by(deadline)) {
        throw TimeoutError("shared lock of a shared mutex");
    }
}

void SharedMutex::unlock() noexcept {
    WEFT_CHECK(owner_.load(std::memory_order_relaxed) == impl::identity(),
               "unlock of a SharedMutex that the caller does not have alone");
    owner_.store(nullptr, std::memory_order_relaxed);
    serve(queue_.claim() & ~alone);
}

void SharedMutex::unlock_shared() noexcept {
    std::uint32_t before = queue_.word.load(std::memory_order_relaxed);
    while ((before & WaitQueue::waiting) == 0) {
        WEFT_CHECK(before >= share, "unlock_shared of a SharedMutex that nobody shares");
        if ((before & WaitQueue::busy) != 0) {
            before = impl::await_idle(queue_.word);
        } else if (queue_.word.compare_exchange_weak(before, before - share, std::memory_order_release,
                                                     std::memory_order_relaxed)) {
            return;
        }
    }
    const std::uint32_t held = queue_.claim();
    WEFT_CHECK((held & alone) == 0 && held >= share, "unlock_shared of a SharedMutex that nobody shares");
    serve(held - share);
}

}  // namespace weft
