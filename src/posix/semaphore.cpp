// Semaphores. Signal handlers may post, so a wait for one is never a deadlock.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_wait.hpp"
#include "posix/port.hpp"
#include "posix/signal_wait.hpp"

#include <cstring>

namespace weft::posix {

using impl::fiber_hub;
using impl::Hub;
using impl::libc;
using impl::LockLimit;

namespace {

/// libc has behind the value whether other processes may post.
bool is_shared(const sem_t& semaphore) noexcept {
    int shared = 0;
    std::memcpy(&shared, reinterpret_cast<const char*>(&semaphore) + sizeof(std::uint64_t), sizeof shared);
    return shared != 0;
}

/// 0 or an errno value.
int wait_contended(Hub& hub, sem_t* semaphore, const LockLimit& limit) noexcept {
    const impl::OutsideWait outside(&hub);
    const impl::SignalWait signals(hub, true);
    const bool shared = is_shared(*semaphore);
    impl::LotWait wait(impl::WaitReason::semaphore, semaphore);
    impl::LockPauses pauses;
    for (;;) {
        wait.enlist();
        if (libc.sem_trywait(semaphore) == 0) {
            wait.leave();
            return 0;
        }
        const impl::Wake how =
            wait.park_until(limit.until(hub, shared ? pauses.next() : LockLimit::no_pause), false);
        if (how == impl::Wake::interrupted) {
            return signals.struck() ? EINTR : impl::interruption_error();
        }
        if (libc.sem_trywait(semaphore) == 0) {
            return 0;
        }
        if (limit.passed(hub)) {
            return ETIMEDOUT;
        }
    }
}

int wait_in_fiber(Hub& hub, sem_t* semaphore, const LockLimit& limit) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    if (libc.sem_trywait(semaphore) == 0) {
        return 0;
    }
    if (errno != EAGAIN) {
        return -1;
    }
    const int error = limit.error() != 0 ? limit.error() : wait_contended(hub, semaphore, limit);
    return error == 0 ? 0 : impl::fail(error);
}

}  // namespace

int sem_wait(sem_t* semaphore) {
    Hub* hub = fiber_hub();
    return hub != nullptr ? wait_in_fiber(*hub, semaphore, LockLimit()) : libc.sem_wait(semaphore);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
    Hub* hub = fiber_hub();
    return hub != nullptr ? wait_in_fiber(*hub, semaphore, LockLimit(CLOCK_REALTIME, *until))
                          : libc.sem_timedwait(semaphore, until);
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
    Hub* hub = fiber_hub();
    return hub != nullptr && LockLimit::knows(clock)
               ? wait_in_fiber(*hub, semaphore, LockLimit(clock, *until))
               : libc.sem_clockwait(semaphore, clock, until);
}

int sem_trywait(sem_t* semaphore) noexcept { return libc.sem_trywait(semaphore); }

int sem_post(sem_t* semaphore) noexcept {
    const int result = libc.sem_post(semaphore);
    if (impl::lot_waited(semaphore)) [[unlikely]] {
        impl::wake_in_lot(semaphore, 1);
    }
    return result;
}

}  // namespace weft::posix

namespace weft::impl {

int sem_post_from_signal(sem_t* semaphore) noexcept {
    const int result = libc.sem_post(semaphore);
    const int error = errno;
    if (lot_waited(semaphore)) {
        wake_in_lot_from_signal(semaphore);
    }
    errno = error;
    return result;
}

}  // namespace weft::impl
