// Condition variables. A fiber waits in the lot, a thread in libc; a signal is for a fiber if one waits, else for a thread.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_wait.hpp"

namespace weft::posix {

using impl::fiber_hub;
using impl::Hub;
using impl::libc;
using impl::LockLimit;

namespace {

// Of __data.__wrefs.
constexpr unsigned shared_flag = 1;
constexpr unsigned monotonic_flag = 2;

unsigned flags_of(const pthread_cond_t& condition) noexcept {
    return __atomic_load_n(&condition.__data.__wrefs, __ATOMIC_RELAXED);
}

/// Who waits for one that other processes may signal looks again after a while: a wake-up without a signal is allowed.
constexpr Duration shared_pause = std::chrono::milliseconds(2);

int wait_in_fiber(Hub& hub, pthread_cond_t* condition, pthread_mutex_t* mutex,
                  const LockLimit& limit) noexcept {
    if (limit.error() != 0) {
        return limit.error();
    }
    const bool shared = (flags_of(*condition) & shared_flag) != 0;
    impl::LotWait wait(impl::WaitReason::condition, condition);
    wait.enlist();  // while the mutex is held: who changes what it guards after that finds this wait
    if (const int error = posix::pthread_mutex_unlock(mutex); error != 0) {
        if (!wait.leave()) {
            posix::pthread_cond_signal(condition);  // it was another one's
        }
        return error;
    }
    const impl::Wake how =
        wait.park_until(limit.until(hub, shared ? shared_pause : LockLimit::no_pause), true);
    // Else, if nobody has woken it, the clock was set back or there is a pause: a wake-up without a signal.
    const int result = how == impl::Wake::timed_out && limit.passed(hub) ? ETIMEDOUT : 0;
    const int error = posix::pthread_mutex_lock(mutex);
    return error != 0 ? error : result;
}

/// While a thread is in libc's wait: libc gives up its mutex there unheard, so fibers that wait for it now, or will, look again
/// and again. Cancelling the thread ends it, too.
class Unheard {
public:
    explicit Unheard(pthread_mutex_t* mutex) noexcept : bucket_(impl::lot_bucket(mutex)) {
        // Pairs with wait_for_lock(), where a wait is counted before this count is read.
        bucket_.unheard.fetch_add(1, std::memory_order_seq_cst);
        if (impl::lot_waited(mutex)) {
            impl::wake_in_lot(mutex, SIZE_MAX);
        }
    }
    Unheard(const Unheard&) = delete;
    Unheard& operator=(const Unheard&) = delete;
    ~Unheard() { bucket_.unheard.fetch_sub(1, std::memory_order_relaxed); }

private:
    impl::LotBucket& bucket_;
};

}  // namespace

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    if (Hub* hub = fiber_hub()) {
        return wait_in_fiber(*hub, condition, mutex, LockLimit());
    }
    const Unheard unheard(mutex);
    return libc.pthread_cond_wait(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
    if (Hub* hub = fiber_hub()) {
        const bool monotonic = (flags_of(*condition) & monotonic_flag) != 0;
        return wait_in_fiber(*hub, condition, mutex,
                             LockLimit(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, *until));
    }
    const Unheard unheard(mutex);
    return libc.pthread_cond_timedwait(condition, mutex, until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
    if (Hub* hub = fiber_hub(); hub != nullptr && LockLimit::knows(clock)) {
        return wait_in_fiber(*hub, condition, mutex, LockLimit(clock, *until));
    }
    const Unheard unheard(mutex);
    return libc.pthread_cond_clockwait(condition, mutex, clock, until);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
    if (impl::lot_waited(condition) && impl::wake_in_lot(condition, 1) != 0) {
        return 0;
    }
    return libc.pthread_cond_signal(condition);
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
    if (impl::lot_waited(condition)) {
        impl::wake_in_lot(condition, SIZE_MAX);
    }
    return libc.pthread_cond_broadcast(condition);
}

}  // namespace weft::posix
