// Mutexes of all kinds. A normal one needs no help to keep fibers apart: libc's trylock fails whoever holds it. One that knows
// its owner would let every fiber of the thread in, so that who holds it is asked first.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_owners.hpp"
#include "posix/lock_wait.hpp"

#include <utility>

namespace weft::posix {

using impl::fiber_hub;
using impl::Hub;
using impl::libc;
using impl::LockLimit;
using impl::LockOwners;

namespace {

// Of __data.__kind, in the C library's order.
constexpr int type_mask = 3;
constexpr int type_recursive = PTHREAD_MUTEX_RECURSIVE_NP;
constexpr int type_error_checking = PTHREAD_MUTEX_ERRORCHECK_NP;
constexpr int kind_robust = 16;
constexpr int kind_inherits_priority = 32;
constexpr int kind_shared = 128;

int kind_of(const pthread_mutex_t& mutex) noexcept {
    return __atomic_load_n(&mutex.__data.__kind, __ATOMIC_RELAXED);
}

bool counts_or_checks(int kind) noexcept {
    return (kind & type_mask) == type_recursive || (kind & type_mask) == type_error_checking;
}

bool knows_owner(int kind) noexcept {
    return counts_or_checks(kind) || (kind & (kind_robust | kind_inherits_priority)) != 0;
}

/// Whether it becomes free without a word to the lot: by another process, or by the kernel at its owner's end.
bool freed_unheard(int kind) noexcept { return (kind & (kind_robust | kind_shared)) != 0; }

/// Only the thread itself writes its own number there, so that no order between threads matters.
bool thread_owns(const pthread_mutex_t& mutex, const Hub& hub) noexcept {
    return __atomic_load_n(&mutex.__data.__owner, __ATOMIC_RELAXED) == hub.thread_id;
}

bool fiber_owns(const pthread_mutex_t& mutex, Hub& hub) noexcept {
    return thread_owns(mutex, hub) && LockOwners::of_thread().held_by_caller(&mutex, hub);
}

[[gnu::noinline]] int try_known(Hub& hub, pthread_mutex_t* mutex) noexcept {
    LockOwners& owners = LockOwners::of_thread();
    if (thread_owns(*mutex, hub)) {
        return owners.held_by_caller(mutex, hub) ? libc.pthread_mutex_trylock(mutex) : EBUSY;
    }
    if (!owners.reserve()) {
        return EAGAIN;
    }
    const int result = libc.pthread_mutex_trylock(mutex);
    if (result == 0 || result == EOWNERDEAD) {
        owners.set(mutex, hub.running());
    }
    return result;
}

int try_mutex(Hub& hub, pthread_mutex_t* mutex, int kind) noexcept {
    return knows_owner(kind) ? try_known(hub, mutex) : libc.pthread_mutex_trylock(mutex);
}

[[gnu::noinline]] int lock_contended(Hub& hub, pthread_mutex_t* mutex, const LockLimit& limit) noexcept {
    const int kind = kind_of(*mutex);
    if (counts_or_checks(kind) && fiber_owns(*mutex, hub)) {
        return EDEADLK;  // a recursive one that could not be counted has not been busy
    }
    if (limit.error() != 0) {
        return limit.error();
    }
    const impl::LotBucket& bucket = impl::lot_bucket(mutex);
    impl::LotWait wait(impl::WaitReason::mutex, mutex);
    return impl::wait_for_lock(
        hub, wait, limit, [&]() noexcept { return try_mutex(hub, mutex, kind); },
        [&]() noexcept {
            return freed_unheard(kind) || bucket.unheard.load(std::memory_order_seq_cst) != 0;
        });
}

/// EBUSY: it is another one's.
inline int try_in_fiber(Hub& hub, pthread_mutex_t* mutex) noexcept {
    impl::let_due_go_first(hub, mutex);
    return try_mutex(hub, mutex, kind_of(*mutex));
}

int lock_in_fiber(Hub& hub, pthread_mutex_t* mutex, const LockLimit& limit) noexcept {
    const int result = try_in_fiber(hub, mutex);
    return result == EBUSY ? lock_contended(hub, mutex, limit) : result;
}

[[gnu::noinline]] int lock_without_end(Hub& hub, pthread_mutex_t* mutex) noexcept {
    return lock_contended(hub, mutex, LockLimit());
}

/// Whether the caller, a fiber, may unlock it; then it is entered no more if this is the last time.
[[gnu::noinline]] bool end_ownership(Hub& hub, const pthread_mutex_t& mutex) noexcept {
    LockOwners& owners = LockOwners::of_thread();
    if (!thread_owns(mutex, hub)) {
        return true;  // the C library knows better
    }
    if (!owners.held_by_caller(&mutex, hub)) {
        return false;
    }
    const bool counts = (kind_of(mutex) & type_mask) == type_recursive;
    if (!counts || mutex.__data.__count == 1) {
        owners.erase(&mutex);
    }
    return true;
}

}  // namespace

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    Hub* hub = fiber_hub();
    if (hub == nullptr) [[unlikely]] {
        return libc.pthread_mutex_lock(mutex);
    }
    const int result = try_in_fiber(*hub, mutex);
    return result == EBUSY ? lock_without_end(*hub, mutex) : result;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? try_mutex(*hub, mutex, kind_of(*mutex)) : libc.pthread_mutex_trylock(mutex);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? lock_in_fiber(*hub, mutex, LockLimit(CLOCK_REALTIME, *until))
                          : libc.pthread_mutex_timedlock(mutex, until);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr && LockLimit::knows(clock) ? lock_in_fiber(*hub, mutex, LockLimit(clock, *until))
                                                     : libc.pthread_mutex_clocklock(mutex, clock, until);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    Hub* hub = fiber_hub();
    if (hub != nullptr && knows_owner(kind_of(*mutex)) && !end_ownership(*hub, *mutex)) {
        return EPERM;
    }
    const int result = libc.pthread_mutex_unlock(mutex);
    // Another thread may have destroyed it by now: only its address counts.
    if (impl::lot_waited(mutex)) [[unlikely]] {
        impl::wake_in_lot(mutex, 1);
    }
    return result;
}

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) noexcept {
    if (fiber_hub() != nullptr) {
        LockOwners::of_thread().erase(mutex);  // of one that lay there and was never unlocked
    }
    return libc.pthread_mutex_init(mutex, attributes);
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept { return libc.pthread_mutex_destroy(mutex); }

}  // namespace weft::posix
