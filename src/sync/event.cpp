// Event: one bit of state above a queue of waiters.
#include <weft/sync/event.hpp>

#include "sync/wait_queue.hpp"

namespace weft {

using impl::WaitQueue;

static_assert(impl::Awaitable<Event>);

void Event::wait(Deadline deadline) {
    if (is_set()) {
        return;
    }
    impl::QueueRecord<WaitQueue> record(impl::WaitReason::event, this, queue_);
    if (enlist(record.node)) {
        impl::park_or_throw(record, deadline, "wait for an event");
    }
}

void Event::set() noexcept {
    // Also where the flag is set already: a later reset() has to see what was written before this call.
    const std::uint32_t before = queue_.claim();
    impl::WaitNode* woken = queue_.list.pop_chain(SIZE_MAX);
    queue_.publish(before | flag);
    impl::wake_chain(woken);
}

void Event::reset() noexcept { queue_.publish(queue_.claim() & ~flag); }

bool Event::enlist(impl::WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool queued = (before & flag) == 0;
    if (queued) {
        queue_.list.push(node);
    } else {
        static_cast<void>(node.record->take(node.tag));
    }
    queue_.publish(before);
    return queued;
}

bool Event::delist(impl::WaitNode& node) noexcept { return queue_.delist(node); }

Waitable Event::waitable() noexcept { return impl::make_waitable(*this); }

}  // namespace weft
