// CancelScope, and what a fiber may ask about the scopes it is in.
#include <weft/scope/cancel_scope.hpp>

#include "core/hub.hpp"
#include "core/park.hpp"
#include "scope/cancel_core.hpp"

namespace weft {

void impl::CancelCoreDelete::operator()(CancelCore* core) const noexcept { delete core; }

CancelScope::CancelScope(Deadline deadline) : core_(new impl::CancelCore(deadline)) {}

CancelScope::CancelScope(std::stop_token outside, Deadline deadline)
    : core_(new impl::CancelCore(std::move(outside), deadline)) {}

void CancelScope::cancel(const char* reason) noexcept { core_->cancel(reason); }

bool CancelScope::cancelled() const noexcept { return core_->cancelled(); }

Deadline CancelScope::deadline() const noexcept { return core_->deadline(); }

void CancelScope::set_deadline(Deadline deadline) { core_->set_deadline(deadline); }

std::stop_token CancelScope::stop_token() const noexcept { return core_->token(); }

void CancelScope::enter() { core_->enter(); }

void CancelScope::leave() noexcept { core_->leave(); }

bool CancelScope::caught_own() noexcept {
    cut_short_ = core_->caught_own();
    return cut_short_;
}

Deadline current_effective_deadline() noexcept {
    impl::Hub* hub = impl::Hub::current();
    if (hub == nullptr) {
        return never;
    }
    impl::FiberBlock& fiber = hub->running();
    const impl::ScopeLimit limit = impl::scope_limit(fiber);
    if (limit.cancelled != nullptr || (!limit.shielded && impl::fiber_is_cancelled(fiber))) {
        return TimePoint{};
    }
    return TimePoint{Duration{limit.until}};
}

void check_cancelled() {
    if (impl::Hub::current() != nullptr && impl::interrupted()) {
        impl::throw_interrupt();
    }
}

bool cancel_requested() noexcept {
    impl::Hub* hub = impl::Hub::current();
    if (hub == nullptr) {
        return false;
    }
    const impl::FiberBlock& fiber = hub->running();
    for (const impl::ScopeLink* link = fiber.scopes; link != nullptr; link = link->outer) {
        if (link->cancelled) {
            return true;
        }
    }
    return impl::fiber_is_cancelled(fiber);
}

}  // namespace weft
