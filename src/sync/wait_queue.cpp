// The slow parts of WaitQueue.
#include "sync/wait_queue.hpp"

#include "base/sys.hpp"

namespace weft::impl {

std::uint32_t await_idle(const std::atomic<std::uint32_t>& word) noexcept {
    // A claim is a few instructions; one that takes longer was preempted and needs the processor.
    constexpr int spins_before_yield = 100;
    for (int spins = 0;; ++spins) {
        const std::uint32_t now = word.load(std::memory_order_relaxed);
        if ((now & WaitQueue::busy) == 0) {
            return now;
        }
        if (spins < spins_before_yield) {
            cpu_relax();
        } else {
            sys.sched_yield();
        }
    }
}

bool WaitQueue::delist(WaitNode& node) noexcept {
    const std::uint32_t state = claim();
    const bool linked = node.linked;
    if (linked) {
        list.remove(node);
    }
    publish(state);
    return linked;
}

}  // namespace weft::impl
