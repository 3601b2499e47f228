// The kernel's own wait by address, which std::atomic::wait and other people's locks are made of.
#include <weft/posix/lock.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/lock_wait.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <climits>
#include <optional>

namespace weft::posix {

using impl::Hub;
using impl::libc;
using impl::LockLimit;

namespace {

struct FutexCall {
    std::uint32_t* word;
    int operation;
    std::uint32_t value;
    const timespec* limit;
    long other_word;
    std::uint32_t bits;

    [[nodiscard]] int command() const noexcept { return operation & FUTEX_CMD_MASK; }
    [[nodiscard]] bool is_private() const noexcept { return (operation & FUTEX_PRIVATE_FLAG) != 0; }
    [[nodiscard]] long in_kernel(std::uint32_t with) const noexcept {
        return libc.syscall(SYS_futex, word, operation, with, limit, other_word, bits);
    }
    [[nodiscard]] bool holds() const noexcept {
        return std::atomic_ref<std::uint32_t>(*word).load(std::memory_order_seq_cst) == value;
    }
};

/// FUTEX_WAIT has a length, all others a time: of CLOCK_REALTIME for FUTEX_LOCK_PI. Nothing: the kernel is to refuse it.
std::optional<LockLimit> limit_of(Hub& hub, const FutexCall& call) noexcept {
    if (call.limit == nullptr) {
        return LockLimit();
    }
    const timespec& time = *call.limit;
    if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) {
        return std::nullopt;
    }
    if (call.command() == FUTEX_WAIT) {
        return LockLimit::from_now(hub, time);
    }
    const bool real = call.command() == FUTEX_LOCK_PI || (call.operation & FUTEX_CLOCK_REALTIME) != 0;
    return LockLimit(real ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
}

/// Nothing interrupts it: who waits so takes the end of the wait for a change of the word.
long wait_in_fiber(Hub& hub, const FutexCall& call) noexcept {
    const std::optional<LockLimit> limit = limit_of(hub, call);
    if (!limit || call.bits == 0 || (reinterpret_cast<std::uintptr_t>(call.word) % sizeof *call.word) != 0) {
        return call.in_kernel(call.value);
    }
    impl::LotWait wait(impl::WaitReason::event, call.word, call.bits);
    impl::LockPauses pauses;
    for (;;) {
        wait.enlist();
        if (!call.holds()) {
            return wait.leave() ? impl::fail(EAGAIN) : 0;
        }
        // One that is not private may be another process's, too.
        const Duration pause = call.is_private() ? LockLimit::no_pause : pauses.next();
        if (wait.park_until(limit->until(hub, pause), true) == impl::Wake::woken) {
            return 0;
        }
        if (limit->passed(hub)) {
            return impl::fail(ETIMEDOUT);
        }
        if (!call.holds()) {
            return 0;
        }
    }
}

long wake(const FutexCall& call) noexcept {
    if (!impl::lot_waited_after_store(call.word)) {
        return call.in_kernel(call.value);
    }
    const auto most = static_cast<std::size_t>(std::min<std::uint32_t>(call.value, INT_MAX));
    const std::size_t woken = impl::wake_in_lot(call.word, most, call.bits);
    if (woken != 0 && woken == most) {
        return static_cast<long>(woken);
    }
    const long others = call.in_kernel(static_cast<std::uint32_t>(most - woken));
    return others < 0 && woken != 0 ? static_cast<long>(woken) : others + static_cast<long>(woken);
}

/// The kernel may wake, or move to another word, who waits for this one: fibers just look again, and count as woken. That is after
/// the kernel has changed a word, if it is to: who looks at it before that is found here.
long pass_and_wake_all(const FutexCall& call) noexcept {
    long result = call.in_kernel(call.value);
    if (result < 0) {
        return result;
    }
    for (const void* word :
         {static_cast<const void*>(call.word), reinterpret_cast<const void*>(call.other_word)}) {
        if (word != nullptr && impl::lot_waited_after_store(word)) {
            result += static_cast<long>(impl::wake_in_lot(word, SIZE_MAX));
        }
    }
    return result;
}

/// The kernel knows the owner by its thread: EDEADLK says that a fiber of this one has it, perhaps the caller. Most unlock in the
/// word, unheard. Nobody lends priority to a fiber's owner.
int try_inheriting(const FutexCall& call) noexcept {
    const int operation = FUTEX_TRYLOCK_PI | (call.operation & FUTEX_PRIVATE_FLAG);
    if (libc.syscall(SYS_futex, call.word, operation, 0, nullptr, nullptr, 0) == 0) {
        return 0;
    }
    return errno == EAGAIN || errno == EDEADLK ? EBUSY : errno;
}

long lock_inheriting(Hub& hub, const FutexCall& call) noexcept {
    const std::optional<LockLimit> limit = limit_of(hub, call);
    if (!limit) {
        return call.in_kernel(call.value);
    }
    const int before = errno;
    impl::LotWait wait(impl::WaitReason::mutex, call.word);
    const int result = impl::wait_for_lock(
        hub, wait, *limit, [&]() noexcept { return try_inheriting(call); }, []() noexcept { return true; });
    if (result != 0) {
        return impl::fail(result);
    }
    errno = before;
    return 0;
}

/// Whoever is moved to the lock is woken here, and takes it; the limit is for both.
long wait_and_lock_inheriting(Hub& hub, const FutexCall& call) noexcept {
    auto* const lock = reinterpret_cast<std::uint32_t*>(call.other_word);
    if (lock == call.word) {
        return call.in_kernel(call.value);
    }
    if (const long result = wait_in_fiber(hub, call); result != 0) {
        return result;
    }
    FutexCall locking = call;
    locking.word = lock;
    locking.operation = FUTEX_LOCK_PI2 | (call.operation & ~FUTEX_CMD_MASK);
    return lock_inheriting(hub, locking);
}

long unlock_inheriting(const FutexCall& call) noexcept {
    const long result = call.in_kernel(call.value);
    if (result == 0 && impl::lot_waited_after_store(call.word)) {
        impl::wake_in_lot(call.word, 1);
    }
    return result;
}

}  // namespace

long futex(long word, long operation, long value, long limit, long other_word, long bits) noexcept {
    FutexCall call{.word = reinterpret_cast<std::uint32_t*>(word),
                   .operation = static_cast<int>(operation),
                   .value = static_cast<std::uint32_t>(value),
                   .limit = reinterpret_cast<const timespec*>(limit),
                   .other_word = other_word,
                   .bits = static_cast<std::uint32_t>(bits)};
    Hub* hub = impl::fiber_hub();
    if (const int command = call.command();
        command == FUTEX_WAIT || command == FUTEX_WAKE || command == FUTEX_WAIT_REQUEUE_PI) {
        call.bits = FUTEX_BITSET_MATCH_ANY;
    }
    switch (call.command()) {
        case FUTEX_WAIT:
        case FUTEX_WAIT_BITSET:
            return hub != nullptr ? wait_in_fiber(*hub, call) : call.in_kernel(call.value);
        case FUTEX_WAKE:
        case FUTEX_WAKE_BITSET:
            return wake(call);
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE:
        case FUTEX_CMP_REQUEUE_PI:
        case FUTEX_WAKE_OP:
            return pass_and_wake_all(call);
        case FUTEX_LOCK_PI:
        case FUTEX_LOCK_PI2:
            return hub != nullptr ? lock_inheriting(*hub, call) : call.in_kernel(call.value);
        case FUTEX_WAIT_REQUEUE_PI:
            return hub != nullptr ? wait_and_lock_inheriting(*hub, call) : call.in_kernel(call.value);
        case FUTEX_UNLOCK_PI:
            return unlock_inheriting(call);
        default:
            return libc.syscall(SYS_futex, word, operation, value, limit, other_word, bits);
    }
}

}  // namespace weft::posix
