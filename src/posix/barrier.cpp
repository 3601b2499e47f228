// Barriers. Of one that belongs to this process all parties wait in the lot, threads too, since those in libc would not count those
// that are not; the count of who has arrived is kept where libc has it, so that a barrier that nobody waits at looks to libc as it
// should. At one that processes share, others may arrive by libc: all here do in memory what libc does, and wait by posix::futex.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lot.hpp"

#include <linux/futex.h>

#include <cerrno>
#include <climits>

namespace weft::posix {

namespace {

/// What libc has in a pthread_barrier_t. Of a shared one the counts go on from round to round until the barrier is reset.
struct Fields {
    unsigned arrived;
    unsigned round;  ///< shared: how many may leave
    unsigned parties;
    int shared;
    unsigned left;
};
static_assert(sizeof(Fields) <= sizeof(pthread_barrier_t));

Fields& fields_of(pthread_barrier_t& barrier) noexcept { return reinterpret_cast<Fields&>(barrier); }

/// True for the last party, with all others in `chain`; else the party is enlisted.
bool arrive(Fields& barrier, impl::LotWait& wait, impl::LotWait*& chain) noexcept {
    impl::LotBucket& bucket = impl::lot_bucket(&barrier);
    impl::LotWait** end = &chain;
    const impl::LotGuard guard(bucket);
    if (++barrier.arrived != barrier.parties) {
        bucket.waiting.fetch_add(1, std::memory_order_relaxed);
        bucket.insert(wait);
        return false;
    }
    barrier.arrived = 0;
    while (impl::LotWait* other = bucket.find(&barrier, impl::wait_any_kind)) {
        bucket.take(*other, end);
    }
    return true;
}

/// The one of all arrivals after which a shared barrier is reset: the last of a round.
unsigned last_before_reset(unsigned parties) noexcept { return UINT_MAX / 2 - UINT_MAX / 2 % parties; }

using Count = std::atomic_ref<unsigned>;

/// Until it is no longer `seen`, or for less; errno stays.
void wait_while(unsigned& word, unsigned seen) noexcept {
    const int error = errno;
    futex(reinterpret_cast<long>(&word), FUTEX_WAIT, static_cast<int>(seen), 0, 0, 0);
    errno = error;
}

/// The memory may be gone: only the address counts.
void wake_all(const unsigned& word) noexcept {
    const int error = errno;
    futex(reinterpret_cast<long>(&word), FUTEX_WAKE, INT_MAX, 0, 0, 0);
    errno = error;
}

/// Returns the number of the arrival. Those that come before the reset is over come again.
unsigned arrive_shared(Fields& barrier, unsigned last) noexcept {
    for (;;) {
        unsigned number = Count(barrier.arrived).fetch_add(1, std::memory_order_acq_rel) + 1;
        if (number <= last) {
            return number;
        }
        while (number > last) {
            wait_while(barrier.arrived, number);
            number = Count(barrier.arrived).load(std::memory_order_relaxed);
        }
    }
}

/// Lets all rounds go that the arrival `number` completes; returns how many may leave.
unsigned complete_rounds(Fields& barrier, unsigned number, unsigned parties) noexcept {
    unsigned may_leave = Count(barrier.round).load(std::memory_order_relaxed);
    while (may_leave + parties <= number) {
        const unsigned completed = number - number % parties;
        if (Count(barrier.round)
                .compare_exchange_weak(may_leave, completed, std::memory_order_release,
                                       std::memory_order_relaxed)) {
            wake_all(barrier.round);
            return completed;
        }
    }
    return may_leave;
}

/// The last to leave before the reset makes it; who destroys the barrier waits for it, too.
void leave_shared(Fields& barrier, unsigned last) noexcept {
    if (Count(barrier.left).fetch_add(1, std::memory_order_acq_rel) + 1 != last) {
        return;
    }
    Count(barrier.round).store(0, std::memory_order_relaxed);
    Count(barrier.left).store(0, std::memory_order_relaxed);
    Count(barrier.arrived).store(0, std::memory_order_release);
    wake_all(barrier.arrived);
}

int wait_at_shared(Fields& barrier) noexcept {
    const unsigned parties = barrier.parties;
    const unsigned last = last_before_reset(parties);
    const unsigned number = arrive_shared(barrier, last);
    unsigned may_leave = complete_rounds(barrier, number, parties);
    while (number > may_leave) {
        wait_while(barrier.round, may_leave);
        may_leave = Count(barrier.round).load(std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    leave_shared(barrier, last);
    return number % parties == 0 ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

/// Waits until all that have arrived have left: as if the reset were due, whose last step is to count no arrivals.
void end_shared(Fields& barrier) noexcept {
    const unsigned last = last_before_reset(barrier.parties);
    unsigned arrived = Count(barrier.arrived).load(std::memory_order_relaxed);
    if (Count(barrier.left).fetch_add(last - arrived, std::memory_order_relaxed) < arrived) {
        while (arrived != 0) {
            wait_while(barrier.arrived, arrived);
            arrived = Count(barrier.arrived).load(std::memory_order_relaxed);
        }
    }
    std::atomic_thread_fence(std::memory_order_acquire);
}

}  // namespace

int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
    Fields& fields = fields_of(*barrier);
    if (fields.shared != 0) {
        return wait_at_shared(fields);
    }
    const impl::Hub* hub = impl::Hub::current();
    if (hub != nullptr && hub->in_loop()) {
        return impl::libc.pthread_barrier_wait(barrier);
    }
    impl::LotWait wait(impl::WaitReason::barrier, barrier);
    impl::LotWait* chain = nullptr;
    if (arrive(fields, wait, chain)) {
        impl::LotBucket::wake_taken(chain);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    wait.park_until(TimePoint::max(), true);
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
    Fields& fields = fields_of(*barrier);
    if (fields.shared == 0 || impl::fiber_hub() == nullptr) {
        return impl::libc.pthread_barrier_destroy(barrier);
    }
    end_shared(fields);
    return 0;
}

}  // namespace weft::posix
