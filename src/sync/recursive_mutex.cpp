// RecursiveMutex: a mutex and how often its holder has locked it.
#include <weft/sync/recursive_mutex.hpp>

#include "base/assert.hpp"

namespace weft {

bool RecursiveMutex::again() noexcept {
    if (!mutex_.held_by_caller()) {
        return false;
    }
    ++depth_;
    return true;
}

void RecursiveMutex::lock(Deadline deadline) {
    if (!again()) {
        mutex_.lock(deadline);
        depth_ = 1;
    }
}

bool RecursiveMutex::try_lock() noexcept { return again() || first(mutex_.try_lock()); }

void RecursiveMutex::unlock() noexcept {
    WEFT_CHECK(mutex_.held_by_caller(), "unlock of a RecursiveMutex that the caller does not hold");
    if (--depth_ == 0) {
        mutex_.unlock();
    }
}

}  // namespace weft
