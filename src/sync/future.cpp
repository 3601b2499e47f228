// Futures: a result above a queue of waiters.
#include <weft/sync/future.hpp>

#include "base/assert.hpp"
#include "core/report.hpp"
#include "sync/wait_queue.hpp"

namespace weft {

BrokenPromise::BrokenPromise() : std::runtime_error("weft: the promise was destroyed before it was set") {}
BrokenPromise::~BrokenPromise() = default;

PromiseAlreadySet::PromiseAlreadySet() : std::logic_error("weft: the promise has been set before") {}
PromiseAlreadySet::~PromiseAlreadySet() = default;

namespace impl {

static_assert(Awaitable<FutureState> && Awaitable<Future<int>>);

namespace {

/// Nobody has to look at a promise that was given up, also where then() and the others have passed it on.
bool is_broken_promise(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const BrokenPromise&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

void FutureState::release() noexcept {
    // Pairs with itself: who is last sees all that the others have done.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (error_ != nullptr && !collected_.load(std::memory_order_relaxed) && !is_broken_promise(error_)) {
        report_error("a future", "ended with an error that nobody collected", error_);
    }
    destroy_(*this);
}

void FutureState::finish(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    const std::uint32_t before = queue_.claim();
    while (observers_ != nullptr) {
        FutureObserver& told = *observers_;
        observers_ = told.next;
        told.linked = false;
        told.tell(told);
    }
    WaitNode* woken = queue_.list.pop_chain(SIZE_MAX);
    queue_.publish(before | set_flag);
    wake_chain(woken);
}

void FutureState::break_promise() noexcept {
    if (reserve()) {
        finish(std::make_exception_ptr(BrokenPromise()));
    }
}

void FutureState::wait(Deadline deadline) {
    if (ready()) {
        return;
    }
    QueueRecord<FutureState> record(WaitReason::future, this, *this);
    if (enlist(record.node)) {
        park_or_throw(record, deadline, "wait for a future");
    }
}

const std::exception_ptr& FutureState::error() noexcept {
    WEFT_CHECK(ready(), "exception() of a future whose result is not there yet: wait() for it first");
    if (error_ != nullptr) {
        collected_.store(true, std::memory_order_relaxed);
    }
    return error_;
}

Waitable FutureState::waitable() noexcept { return make_waitable(*this); }

bool FutureState::enlist(WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool queued = (before & set_flag) == 0;
    if (queued) {
        queue_.list.push(node);
    } else {
        static_cast<void>(node.record->take(node.tag));
    }
    queue_.publish(before);
    return queued;
}

bool FutureState::delist(WaitNode& node) noexcept { return queue_.delist(node); }

bool FutureState::observe(FutureObserver& observer) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool pending = (before & set_flag) == 0;
    if (pending) {
        observer.prev = nullptr;
        observer.next = observers_;
        if (observers_ != nullptr) {
            observers_->prev = &observer;
        }
        observers_ = &observer;
        observer.linked = true;
    }
    queue_.publish(before);
    return pending;
}

void FutureState::unobserve(FutureObserver& observer) noexcept {
    const std::uint32_t before = queue_.claim();
    if (observer.linked) {
        (observer.prev != nullptr ? observer.prev->next : observers_) = observer.next;
        if (observer.next != nullptr) {
            observer.next->prev = observer.prev;
        }
        observer.linked = false;
    }
    queue_.publish(before);
}

FutureState& FutureHandle::checked(const char* operation) const noexcept {
    WEFT_CHECK(state_ != nullptr, "%s on a future that is empty or moved from", operation);
    return *state_;
}

std::exception_ptr FutureHandle::exception() const { return checked("exception").error(); }

FutureState& FutureHandle::collect(Deadline deadline) const {
    FutureState& state = checked("get");
    state.wait(deadline);
    if (const std::exception_ptr& error = state.error()) {
        std::rethrow_exception(error);
    }
    return state;
}

FutureState& PromiseHandle::checked(const char* operation) const noexcept {
    WEFT_CHECK(state_ != nullptr, "%s on a promise that is moved from", operation);
    return *state_;
}

bool PromiseHandle::try_set_exception(std::exception_ptr error) {
    FutureState& state = checked("set_exception");
    WEFT_CHECK(error != nullptr, "set_exception without an exception");
    if (!state.reserve()) {
        return false;
    }
    state.finish(std::move(error));
    return true;
}

void PromiseHandle::refuse() { throw PromiseAlreadySet(); }

void PromiseHandle::close() noexcept {
    if (state_ != nullptr) {
        FutureState* state = std::exchange(state_, nullptr);
        state->break_promise();
        state->release();
    }
}

}  // namespace impl
}  // namespace weft
