// Cancelling a scope from its own hub, from other threads and by std::stop_token.
#include "scope/cancel_core.hpp"

#include "base/assert.hpp"
#include "core/hub.hpp"

#include <weft/base/error.hpp>

#include <utility>

namespace weft::impl {

CancelCore::CancelCore(std::stop_token outside, Deadline deadline) : deadline_(deadline) {
    outside_.emplace(std::move(outside), PassOn{*this});
}

Hub& CancelCore::hub() const noexcept { return *link_.fiber->hub.load(std::memory_order_relaxed); }

void CancelCore::enter() {
    WEFT_CHECK(!entered_, "a scope is entered that a block is running in already");
    link_ = ScopeLink{.deadline = deadline_, .owner = this, .cancelled = cancelled()};
    open_scope(link_);
    entered_ = true;
    arrived_ = posted_ = false;
    on_stop_.emplace(source_.get_token(), StopHere{*this});
    if (cancelled_outside(link_)) {
        stopping();
    }
}

void CancelCore::leave() noexcept {
    on_stop_.reset();
    if (posted_ && !arrived_) {
        hub().drain_inbox();  // nobody may find the mail there after its scope has ended
    }
    entered_ = false;
    deadline_ = link_.deadline;
    close_scope(link_);
}

void CancelCore::cancel(const char* reason) noexcept {
    const char* none = nullptr;
    reason_.compare_exchange_strong(none, reason, std::memory_order_release, std::memory_order_relaxed);
    cancelled_.store(true, std::memory_order_release);
    source_.request_stop();
}

void CancelCore::set_deadline(Deadline deadline) {
    if (!entered_) {
        deadline_ = deadline;
        return;
    }
    WEFT_CHECK(Hub::current() == &hub(), "the deadline of a scope is changed from another hub");
    set_scope_deadline(link_, deadline);
}

void CancelCore::stop_requested() noexcept {
    if (!cancelled()) {
        return;  // an outer scope's cancellation, which reaches the waits by itself
    }
    if (&hub() == Hub::current()) {
        cancel_scope(link_);
        return;
    }
    posted_ = true;
    hub().post(mail_);
}

void CancelCore::run_posted(InboxItem& item, Hub&) noexcept {
    CancelCore& core = static_cast<Mail&>(item).core;
    core.arrived_ = true;
    cancel_scope(core.link_);
}

void CancelCore::stopping() noexcept {
    if (link_.cancelled) {
        cancelled_.store(true, std::memory_order_release);
    }
    source_.request_stop();
}

void CancelCore::strike() {
    // acquire: pairs with cancel(), for the text.
    const char* reason = reason_.load(std::memory_order_acquire);
    throw Cancelled(reason != nullptr ? reason : "deadline passed");
}

}  // namespace weft::impl
