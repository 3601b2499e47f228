// What is done once: pthread_once and the initialisation of static objects. Whoever finds it in progress waits in the lot.
#include <weft/posix/lock.hpp>

#include "core/fork.hpp"
#include "posix/guard.hpp"
#include "posix/libc.hpp"
#include "posix/lot.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <climits>
#include <mutex>

namespace weft::impl {

namespace {

using Word = std::atomic_ref<int>;

/// Who waits in libc, or in the C++ library, for it to change.
void wake_all_of(int& word) noexcept {
    if (lot_waited(&word)) {
        wake_in_lot(&word, SIZE_MAX);
    }
    sys.futex_wake(reinterpret_cast<const std::uint32_t*>(&word), INT_MAX);
    // The C++ library's own __cxa_guard_acquire, where libweft.so's code is, waits as if the guard were shared between processes.
    libc.syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX);
}

/// Parks until the word is no longer `value`, or somebody has said so.
void wait_while(int& word, int value) noexcept {
    if (const Hub* hub = Hub::current(); hub != nullptr && hub->in_loop()) {
        sys.futex_wait(reinterpret_cast<const std::uint32_t*>(&word), static_cast<std::uint32_t>(value),
                       nullptr);
        return;
    }
    LotWait wait(WaitReason::once, &word);
    wait.enlist();
    if (Word(word).load(std::memory_order_seq_cst) != value) {
        wait.leave();
        return;
    }
    wait.park_until(TimePoint::max(), true);
}

// What libc has in a pthread_once_t. In progress, it says in which process: what a fork has interrupted begins again in the child.
constexpr int once_done = 2;
constexpr int once_in_progress = 1;

int once_begun() noexcept { return static_cast<int>(forks_survived() << 2) | once_in_progress; }

/// Unless it is done at the end, it has not begun.
class OnceInProgress {
public:
    explicit OnceInProgress(int& word) noexcept : word_(word) {}
    OnceInProgress(const OnceInProgress&) = delete;
    OnceInProgress& operator=(const OnceInProgress&) = delete;
    ~OnceInProgress() {
        Word(word_).exchange(state, std::memory_order_seq_cst);
        wake_all_of(word_);
    }

    int state = 0;

private:
    int& word_;
};

/// What std::call_once gives its routine by way of the thread: other fibers leave theirs there meanwhile.
class CallOnceState {
public:
    CallOnceState() noexcept = default;
    CallOnceState(const CallOnceState&) = delete;
    CallOnceState& operator=(const CallOnceState&) = delete;
    ~CallOnceState() {
        std::__once_callable = callable_;
        std::__once_call = call_;
    }

private:
    void* callable_ = std::__once_callable;
    void (*call_)() = std::__once_call;
};

// What the C++ library has in the first word of a guard: bytes that say done, in progress, waited for.
constexpr int guard_done = 1;
constexpr int guard_pending = 1 << 8;
constexpr int guard_waited = 1 << 16;

int& word_of(void* guard) noexcept { return *static_cast<int*>(guard); }

void end_guard(void* guard, int value) noexcept {
    if ((Word(word_of(guard)).exchange(value, std::memory_order_seq_cst) & guard_waited) != 0) {
        wake_all_of(word_of(guard));
    }
}

}  // namespace

bool guard_acquire(void* guard) noexcept {
    const Word word(word_of(guard));
    for (;;) {
        int before = 0;
        if (word.compare_exchange_strong(before, guard_pending, std::memory_order_acq_rel)) {
            return true;
        }
        if (before == guard_done) {
            return false;
        }
        const int waited = guard_pending | guard_waited;
        if (before == waited || word.compare_exchange_strong(before, waited, std::memory_order_acq_rel)) {
            wait_while(word_of(guard), waited);
        }
    }
}

void guard_release(void* guard) noexcept { end_guard(guard, guard_done); }

void guard_abort(void* guard) noexcept { end_guard(guard, 0); }

}  // namespace weft::impl

namespace weft::posix {

int pthread_once(pthread_once_t* control, void (*routine)()) {
    const impl::Word word(*control);
    for (;;) {
        int before = word.load(std::memory_order_acquire);
        if ((before & impl::once_done) != 0) [[likely]] {
            return 0;
        }
        const int begun = impl::once_begun();
        if (before == begun) {
            const impl::CallOnceState own;
            impl::wait_while(*control, begun);
        } else if (word.compare_exchange_strong(before, begun, std::memory_order_acq_rel)) {
            impl::OnceInProgress progress(*control);
            routine();
            progress.state = impl::once_done;
            return 0;
        }
    }
}

void call_once(once_flag* flag, void (*routine)()) {
    posix::pthread_once(reinterpret_cast<pthread_once_t*>(flag), routine);
}

}  // namespace weft::posix
