// The waiting part of the spin lock.
#include "base/spinlock.hpp"

#include "base/sys.hpp"

namespace weft::impl {

void SpinLock::lock_contended() noexcept {
    // A holder that runs is done within these spins; one that was preempted needs the processor, so give it
    // up.
    constexpr int spins_before_yield = 100;
    for (int spins = 0;; ++spins) {
        if (!locked_.load(std::memory_order_relaxed) && try_lock()) {
            return;
        }
        if (spins < spins_before_yield) {
            cpu_relax();
        } else {
            sys.sched_yield();
        }
    }
}

}  // namespace weft::impl
