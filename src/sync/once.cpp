// Once: whose turn it is, and whether somebody has succeeded.
#include <weft/sync/once.hpp>

#include "sync/wait_queue.hpp"

namespace weft {

bool Once::begin() {
    impl::QueueRecord<impl::WaitQueue> record(impl::WaitReason::once, this, queue_);
    const std::uint32_t before = queue_.claim();
    if ((before & (running | done)) == running) {
        queue_.list.push(record.node);
        queue_.publish(before);
        Deadline deadline = never;
        impl::park_or_throw(record, deadline, "once");
        // Woken by the one that has done it, or by one that has failed and passes the turn on.
        return !is_done();
    }
    const bool mine = before == 0;
    queue_.publish(mine ? running : before);
    return mine;
}

void Once::end(bool success) noexcept {
    const std::uint32_t before = queue_.claim();
    if (success) {
        impl::WaitNode* all = queue_.list.pop_chain(SIZE_MAX);
        queue_.publish(done);
        impl::wake_chain(all);
        return;
    }
    impl::WaitRecord* next = queue_.list.pop();
    queue_.publish(next != nullptr ? before : 0);
    if (next != nullptr) {
        impl::wake(*next);
    }
}

}  // namespace weft
