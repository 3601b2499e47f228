// Barrier: the number of those that have arrived above their queue.
#include <weft/sync/barrier.hpp>

#include "base/assert.hpp"
#include "sync/wait_queue.hpp"

namespace weft {

namespace {

constexpr std::uint32_t one = impl::WaitQueue::state_unit;

}  // namespace

Barrier::Barrier(std::uint32_t parties) : parties_(parties) {
    WEFT_CHECK(parties != 0, "a Barrier for nobody");
}

bool Barrier::arrive_and_wait(Deadline deadline) {
    impl::QueueRecord<Barrier> record(impl::WaitReason::barrier, this, *this);
    const std::uint32_t before = queue_.claim();
    if (before / one + 1 == parties_) {
        impl::WaitNode* others = queue_.list.pop_chain(SIZE_MAX);
        queue_.publish(0);
        impl::wake_chain(others);
        return true;
    }
    queue_.list.push(record.node);
    queue_.publish(before + one);
    impl::park_or_throw(record, deadline, "arrival at a barrier");
    return false;
}

void Barrier::drop() noexcept {
    const std::uint32_t before = queue_.claim();
    WEFT_CHECK(parties_ > 1, "the last party of a Barrier drops out");
    --parties_;
    const bool complete = before / one == parties_;
    impl::WaitNode* all = complete ? queue_.list.pop_chain(SIZE_MAX) : nullptr;
    queue_.publish(complete ? 0 : before);
    impl::wake_chain(all);
}

bool Barrier::delist(impl::WaitNode& node) noexcept {
    const std::uint32_t state = queue_.claim();
    const bool linked = node.linked;
    if (linked) {
        queue_.list.remove(node);
    }
    queue_.publish(linked ? state - one : state);
    return linked;
}

}  // namespace weft
