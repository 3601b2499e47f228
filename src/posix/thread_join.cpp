// Waiting for the end of threads that are not weft's.
#include <weft/posix/thread.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_wait.hpp"

#include <cstdint>

namespace weft::posix {

using impl::fiber_hub;
using impl::Hub;
using impl::libc;
using impl::LockLimit;

namespace {

/// Nothing interrupts it: who joins takes what the thread has used to be its own again.
int join_in_fiber(Hub& hub, pthread_t thread, void** result, const LockLimit& limit) noexcept {
    if (pthread_equal(thread, pthread_self()) != 0) {
        return EDEADLK;
    }
    impl::LockPauses pauses;
    for (;;) {
        const int error = libc.pthread_tryjoin_np(thread, result);
        if (error != EBUSY) {
            return error;
        }
        if (limit.error() != 0) {
            return limit.error();
        }
        if (limit.passed(hub)) {
            return ETIMEDOUT;
        }
        // The kernel wakes who waits for the thread, and nobody else: an address of our own, which nobody wakes.
        impl::LotWait wait(impl::WaitReason::join, &pauses);
        wait.enlist();
        wait.park_until(limit.until(hub, pauses.next()), true);
    }
}

}  // namespace

int pthread_join(pthread_t thread, void** result) {
    Hub* hub = fiber_hub();
    return hub != nullptr ? join_in_fiber(*hub, thread, result, LockLimit())
                          : libc.pthread_join(thread, result);
}

int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* until) {
    Hub* hub = fiber_hub();
    return hub != nullptr && until != nullptr
               ? join_in_fiber(*hub, thread, result, LockLimit(CLOCK_REALTIME, *until))
               : libc.pthread_timedjoin_np(thread, result, until);
}

int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock, const timespec* until) {
    Hub* hub = fiber_hub();
    return hub != nullptr && until != nullptr && LockLimit::knows(clock)
               ? join_in_fiber(*hub, thread, result, LockLimit(clock, *until))
               : libc.pthread_clockjoin_np(thread, result, clock, until);
}

int thrd_join(thrd_t thread, int* result) {
    Hub* hub = fiber_hub();
    if (hub == nullptr) {
        return libc.thrd_join(thread, result);
    }
    void* value = nullptr;
    const int error = join_in_fiber(*hub, thread, &value, LockLimit());
    if (result != nullptr && error == 0) {
        *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
    }
    return error == 0 ? thrd_success : thrd_error;
}

}  // namespace weft::posix
