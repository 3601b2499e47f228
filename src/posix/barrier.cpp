// Barriers. All parties wait in the lot, threads too, since those in libc would not count those that are not. The count of who has
// arrived is kept where libc has it, so that a barrier that nobody waits at looks to libc as it should.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lot.hpp"

namespace weft::posix {

namespace {

/// What libc has in a pthread_barrier_t.
struct Fields {
    unsigned arrived;
    unsigned round;
    unsigned parties;
    int shared;
    unsigned left;
};
static_assert(sizeof(Fields) <= sizeof(pthread_barrier_t));

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

}  // namespace

int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
    auto& fields = reinterpret_cast<Fields&>(*barrier);
    const impl::Hub* hub = impl::Hub::current();
    if (fields.shared != 0 || (hub != nullptr && hub->in_loop())) {
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

}  // namespace weft::posix
