// Scopes and shields as users have them, over the chain in core.
#include <weft/scope/scope.hpp>

#include "core/scope_chain.hpp"

#include <new>

namespace weft::impl {

namespace {

ScopeLink& link_in(std::byte* room) noexcept { return *std::launder(reinterpret_cast<ScopeLink*>(room)); }

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
