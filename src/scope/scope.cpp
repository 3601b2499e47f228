// Scopes and shields as users have them, over the chain in core.
#include <weft/scope/scope.hpp>

#include "core/scope_chain.hpp"

#include <new>

namespace weft::impl {

namespace {

ScopeLink& link_in(std::byte* room) noexcept { return *std::launder(reinterpret_cast<ScopeLink*>(room)); }

/// Whether something further out would interrupt the fiber too: then the exception is not this scope's to stop.
bool cancelled_outside(const ScopeLink& link) noexcept {
    for (const ScopeLink* outer = link.outer; outer != nullptr; outer = outer->outer) {
        if (outer->uncaught < link.uncaught) {
            return false;
        }
        if (outer->cancelled) {
            return true;
        }
        if (outer->shield) {
            return false;
        }
    }
    return link.uncaught == 0 && fiber_is_cancelled(*link.fiber);
}

}  // namespace

ScopeFrame::ScopeFrame(Deadline deadline, bool shield) {
    static_assert(sizeof(ScopeLink) <= sizeof link_);
    auto* link = ::new (link_) ScopeLink{.deadline = deadline, .shield = shield};
    open_scope(*link);
}

ScopeFrame::~ScopeFrame() { close_scope(link_in(link_)); }

bool ScopeFrame::caught_own() const noexcept {
    const ScopeLink& link = link_in(const_cast<std::byte*>(link_));
    return link.cancelled && !cancelled_outside(link);
}

}  // namespace weft::impl
