// The fibers that wait for the time of a call.
#include <weft/periodic/call_later.hpp>

#include "base/spinlock.hpp"

#include <weft/core/run.hpp>
#include <weft/sync/semaphore.hpp>

#include <mutex>

namespace weft {

namespace impl {

struct DelayState {
    enum class Phase { pending, begun, cancelled };

    explicit DelayState(TimePoint when) : due(when) {}

    /// Waits for its time; false if it has been taken back.
    bool await() {
        for (;;) {
            TimePoint until;
            {
                const std::lock_guard guard(lock);
                if (phase == Phase::cancelled) {
                    return false;
                }
                if (due <= now()) {
                    phase = Phase::begun;
                    return true;
                }
                until = due;
            }
            static_cast<void>(changed.try_acquire_until(until));
        }
    }

    /// Changes something of a call that has not begun, and has its fiber look again.
    template <class Change>
    bool change(Change apply) noexcept {
        const std::lock_guard guard(lock);
        if (phase != Phase::pending) {
            return false;
        }
        apply(*this);
        if (changed.available() == 0) {
            changed.release();
        }
        return true;
    }

    SpinLock lock;
    Phase phase = Phase::pending;  // guarded by lock, as is `due`
    TimePoint due;
    Semaphore changed{0};
};

}  // namespace impl

bool DelayedCall::pending() const noexcept {
    if (state_ == nullptr) {
        return false;
    }
    const std::lock_guard guard(state_->lock);
    return state_->phase == impl::DelayState::Phase::pending;
}

bool DelayedCall::cancel() noexcept {
    return state_ != nullptr &&
           state_->change([](impl::DelayState& state) { state.phase = impl::DelayState::Phase::cancelled; });
}

bool DelayedCall::reset(Duration delay) noexcept {
    return state_ != nullptr &&
           state_->change([when = now() + delay](impl::DelayState& state) { state.due = when; });
}

DelayedCall call_later(Duration delay, std::function<void()> fn) {
    auto state = std::make_shared<impl::DelayState>(now() + delay);
    // If the fiber ends before, as at the end of its hub, nobody can put the call off any more.
    struct GiveUp {
        void operator()(impl::DelayState* left) const noexcept {
            left->change([](impl::DelayState& of) { of.phase = impl::DelayState::Phase::cancelled; });
        }
    };
    spawn_detached(SpawnOptions{.name = "call_later"},
                   [kept = state, call = std::move(fn),
                    given_up = std::unique_ptr<impl::DelayState, GiveUp>(state.get())] {
                       if (kept->await()) {
                           call();
                       }
                   });
    return DelayedCall(std::move(state));
}

struct Debouncer::Job {
    explicit Job(std::function<void()> fn) : call(std::move(fn)) {}
    Mutex running;
    std::function<void()> call;
};

Debouncer::Debouncer(Duration quiet, std::function<void()> fn)
    : quiet_(quiet), job_(std::make_shared<Job>(std::move(fn))) {}

Debouncer::~Debouncer() { call_.cancel(); }

void Debouncer::trigger() {
    const std::lock_guard guard(lock_);
    if (!call_.reset(quiet_)) {
        call_ = call_later(quiet_, [job = job_] {
            const std::lock_guard alone(job->running);
            job->call();
        });
    }
}

}  // namespace weft
