// Read-write locks. libc's lock functions refuse a thread that writes already; its try functions do not ask who that is, and so are
// all that fibers use.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_owners.hpp"
#include "posix/lock_wait.hpp"

namespace weft::posix {

using impl::fiber_hub;
using impl::Hub;
using impl::libc;
using impl::LockLimit;
using impl::LockOwners;

namespace {

constexpr std::uint32_t writers = 1;
constexpr std::uint32_t readers = 2;

/// Only the thread itself writes its own number there.
bool thread_writes(const pthread_rwlock_t& lock, const Hub& hub) noexcept {
    return __atomic_load_n(&lock.__data.__cur_writer, __ATOMIC_RELAXED) == hub.thread_id;
}

bool fiber_writes(const pthread_rwlock_t& lock, Hub& hub) noexcept {
    return thread_writes(lock, hub) && LockOwners::of_thread().held_by_caller(&lock, hub);
}

int try_write(Hub& hub, pthread_rwlock_t* lock) noexcept {
    LockOwners& owners = LockOwners::of_thread();
    if (!owners.reserve()) {
        return EAGAIN;
    }
    const int result = libc.pthread_rwlock_trywrlock(lock);
    if (result == 0) {
        owners.set(lock, hub.running());
    }
    return result;
}

/// Readers of the kind that prefers writers go behind those that wait before them; libc sees only its own.
int try_read(pthread_rwlock_t* lock, std::uint64_t ticket) noexcept {
    const bool prefers_writers = lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    if (prefers_writers && impl::lot_waited(lock) && impl::waits_in_lot(lock, writers, ticket)) {
        return EBUSY;
    }
    return libc.pthread_rwlock_tryrdlock(lock);
}

/// It is free, or free for readers: the oldest wait has its turn, and with a reader those that follow it.
void wake_turn(const pthread_rwlock_t* lock) noexcept {
    impl::LotBucket& bucket = impl::lot_bucket(lock);
    impl::LotWait* chain = nullptr;
    impl::LotWait** end = &chain;
    {
        const impl::LotGuard guard(bucket);
        impl::LotWait* wait = bucket.find(lock, impl::wait_any_kind);
        const bool reads = wait != nullptr && impl::LotBucket::kinds_of(*wait) == readers;
        while (wait != nullptr) {
            impl::LotWait* const next = reads ? bucket.find(lock, impl::wait_any_kind, wait) : nullptr;
            bucket.take(*wait, end);
            wait = next != nullptr && impl::LotBucket::kinds_of(*next) == readers ? next : nullptr;
        }
    }
    impl::LotBucket::wake_taken(chain);
}

/// A writer that gives up: readers may have waited for it only.
int end_writing_wait(const pthread_rwlock_t* lock, int result) noexcept {
    if (result == ETIMEDOUT && impl::lot_waited(lock)) {
        wake_turn(lock);
    }
    return result;
}

template <class Attempt>
int wait_for_turn(Hub& hub, pthread_rwlock_t* lock, std::uint32_t kind, const LockLimit& limit,
                  Attempt attempt) noexcept {
    if (fiber_writes(*lock, hub)) {
        return EDEADLK;
    }
    if (limit.error() != 0) {
        return limit.error();
    }
    const bool shared = lock->__data.__shared != 0;
    impl::LotWait wait(impl::WaitReason::mutex, lock, kind);
    const int result = impl::wait_for_lock(
        hub, wait, limit, [&]() noexcept { return attempt(wait.ticket()); },
        [&]() noexcept { return shared; });
    return kind == writers ? end_writing_wait(lock, result) : result;
}

int read_in_fiber(Hub& hub, pthread_rwlock_t* lock, const LockLimit& limit) noexcept {
    impl::let_due_go_first(hub, lock);
    const int result = try_read(lock, 0);
    return result != EBUSY ? result
                           : wait_for_turn(hub, lock, readers, limit, [&](std::uint64_t ticket) noexcept {
                                 return try_read(lock, ticket);
                             });
}

int write_in_fiber(Hub& hub, pthread_rwlock_t* lock, const LockLimit& limit) noexcept {
    impl::let_due_go_first(hub, lock);
    const int result = try_write(hub, lock);
    return result != EBUSY ? result : wait_for_turn(hub, lock, writers, limit, [&](std::uint64_t) noexcept {
        return try_write(hub, lock);
    });
}

}  // namespace

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? read_in_fiber(*hub, lock, LockLimit()) : libc.pthread_rwlock_rdlock(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? write_in_fiber(*hub, lock, LockLimit()) : libc.pthread_rwlock_wrlock(lock);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
    return fiber_hub() != nullptr ? try_read(lock, 0) : libc.pthread_rwlock_tryrdlock(lock);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? try_write(*hub, lock) : libc.pthread_rwlock_trywrlock(lock);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? read_in_fiber(*hub, lock, LockLimit(CLOCK_REALTIME, *until))
                          : libc.pthread_rwlock_timedrdlock(lock, until);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr ? write_in_fiber(*hub, lock, LockLimit(CLOCK_REALTIME, *until))
                          : end_writing_wait(lock, libc.pthread_rwlock_timedwrlock(lock, until));
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr && LockLimit::knows(clock) ? read_in_fiber(*hub, lock, LockLimit(clock, *until))
                                                     : libc.pthread_rwlock_clockrdlock(lock, clock, until);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock, const timespec* until) noexcept {
    Hub* hub = fiber_hub();
    return hub != nullptr && LockLimit::knows(clock)
               ? write_in_fiber(*hub, lock, LockLimit(clock, *until))
               : end_writing_wait(lock, libc.pthread_rwlock_clockwrlock(lock, clock, until));
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
    Hub* hub = fiber_hub();
    if (hub != nullptr && thread_writes(*lock, *hub)) {
        LockOwners& owners = LockOwners::of_thread();
        if (!owners.held_by_caller(lock, *hub)) {
            return EPERM;
        }
        owners.erase(lock);
    }
    const int result = libc.pthread_rwlock_unlock(lock);
    if (impl::lot_waited(lock)) [[unlikely]] {
        wake_turn(lock);
    }
    return result;
}

}  // namespace weft::posix
