// Spin locks: whoever holds one may be a fiber of the same hub.
#include <weft/posix/lock.hpp>

#include "base/spinlock.hpp"
#include "posix/call.hpp"
#include "posix/libc.hpp"

namespace weft::posix {

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::libc.pthread_spin_lock(lock);
    }
    constexpr int spins_before_yield = 100;
    for (int spins = 1; impl::libc.pthread_spin_trylock(lock) != 0; ++spins) {
        if (spins % spins_before_yield != 0) {
            impl::cpu_relax();
        } else {
            hub->yield_to_pass();
            impl::sys.sched_yield();  // the holder's thread may wait for this processor
        }
    }
    return 0;
}

}  // namespace weft::posix
