// The chain of scopes and shields of the calling fiber.
#include "core/scope_chain.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"

#include <weft/base/error.hpp>

#include <algorithm>

namespace weft::impl {

namespace {

/// `now` is 0 until it is needed.
std::int64_t deadline_ns(ScopeLink& link, Hub& hub, std::int64_t& now) noexcept {
    if (link.deadline.is_relative()) {
        now = now != 0 ? now : hub.now();
        link.deadline.fix(TimePoint{Duration{now}});
    }
    return link.deadline.resolve(TimePoint{}).time_since_epoch().count();
}

/// Whether a wait that began with so many exceptions in flight is one of `wanted`.
bool in_reach(const FiberBlock& fiber, const ScopeLink& wanted, unsigned uncaught) noexcept {
    for (const ScopeLink* link = fiber.scopes; link != nullptr; link = link->outer) {
        if (link->uncaught < uncaught) {
            return false;
        }
        if (link == &wanted) {
            return true;
        }
        if (link->shield) {
            return false;
        }
    }
    return false;
}

ScopeLimit limit_of(FiberBlock& fiber, unsigned uncaught) noexcept {
    ScopeLimit limit;
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    limit.shielded = uncaught != 0;
    std::int64_t now = 0;
    for (ScopeLink* link = fiber.scopes; link != nullptr && link->uncaught >= uncaught; link = link->outer) {
        if (link->cancelled) {
            limit.cancelled = link;
        }
        if (!link->deadline.is_never()) {
            const std::int64_t until = deadline_ns(*link, hub, now);
            // Of two that end together the outer one counts: its fiber has less to do afterwards.
            if (until <= limit.until) {
                limit.until = until;
                limit.earliest = link;
            }
        }
        if (link->shield) {
            limit.shielded = true;
            break;
        }
    }
    return limit;
}

/// The limit of a wait under way has changed.
void rearm(WaitRecord& wait, Hub& hub, std::int64_t until) {
    if (wait.timer.armed()) {
        hub.timers().cancel(wait.timer);
    }
    if (until != INT64_MAX) {
        hub.timers().arm(wait.timer, until);
    }
}

}  // namespace

void ScopeOwner::strike() { throw Cancelled{}; }

void open_scope(ScopeLink& link) {
    Hub& hub = Hub::ensure();
    FiberBlock& fiber = hub.running();
    link.fiber = &fiber;
    link.uncaught = hub.thread_context().exceptions->uncaught;
    link.outer = fiber.scopes;
    fiber.scopes = &link;
    fiber.attention |= attention_scopes;
}

void close_scope(ScopeLink& link) noexcept {
    FiberBlock& fiber = *link.fiber;
    if (fiber.scopes != &link) {
        fatal(
            "scopes of fiber %llu \"%s\" are left in the wrong order: leave the innermost first, in the "
            "fiber "
            "that has entered it",
            static_cast<unsigned long long>(fiber.id), fiber.name.c_str());
    }
    fiber.scopes = link.outer;
    if (link.outer == nullptr) {
        fiber.attention &= static_cast<std::uint8_t>(~attention_scopes);
    }
}

void cancel_scope(ScopeLink& link) noexcept {
    link.cancelled = true;
    FiberBlock& fiber = *link.fiber;
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    if (fiber.wait != nullptr && in_reach(fiber, link, fiber.wait->uncaught)) {
        hub.expire(*fiber.wait, Wake::interrupted);
    }
    tell_owners(fiber, &link);
}

void set_scope_deadline(ScopeLink& link, Deadline deadline) {
    FiberBlock& fiber = *link.fiber;
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    WaitRecord* wait = fiber.wait;
    if (wait == nullptr || !in_reach(fiber, link, wait->uncaught)) {
        link.deadline = deadline;
        return;
    }
    std::int64_t now = hub.now();
    if (wait->lapsed && deadline_ns(link, hub, now) <= now) {
        return;  // it has been reached, and its fiber, which does not know yet, is on its way
    }
    link.deadline = deadline;
    rearm(*wait, hub, std::min(wait->own_until, limit_of(fiber, wait->uncaught).until));
}

bool fiber_is_cancelled(const FiberBlock& fiber) noexcept {
    return (fiber.attention & attention_cancel) != 0;
}

bool cancelled_outside(const ScopeLink& link) noexcept {
    for (const ScopeLink* outer = link.outer; outer != nullptr; outer = outer->outer) {
        if (outer->uncaught < link.uncaught) {
            return false;
        }
        if (outer->cancelled && !outer->edge) {
            return true;
        }
        if (outer->shield) {
            return false;
        }
    }
    return link.uncaught == 0 && fiber_is_cancelled(*link.fiber);
}

void tell_owners(FiberBlock& fiber, const ScopeLink* from) noexcept {
    // Nor does it reach what the destructors have opened that an exception, younger than the scope, runs meanwhile.
    const unsigned uncaught = from != nullptr ? from->uncaught : 0;
    ScopeLink* first = fiber.scopes;
    for (ScopeLink* link = first; link != nullptr && link != from; link = link->outer) {
        if (link->shield || link->uncaught > uncaught) {
            first = link->outer;
        }
    }
    for (ScopeLink* link = first; link != nullptr; link = link->outer) {
        if (link->owner != nullptr) {
            link->owner->stopping();
        }
        if (link == from) {
            return;
        }
    }
}

ScopeLimit scope_limit(FiberBlock& fiber) noexcept {
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    return limit_of(fiber, hub.thread_context().exceptions->uncaught);
}

bool scope_lapsed(FiberBlock& fiber, std::int64_t own) noexcept {
    const ScopeLimit limit = scope_limit(fiber);
    if (limit.earliest == nullptr || limit.until > own) {
        return false;
    }
    expire_scope(*limit.earliest);
    return true;
}

void expire_scope(ScopeLink& link) noexcept {
    link.cancelled = true;
    if (!link.edge) {
        tell_owners(*link.fiber, &link);
    }
}

void strike(ScopeLink* link) {
    if (link != nullptr && link->owner != nullptr) {
        link->owner->strike();
    }
    throw Cancelled{};
}

}  // namespace weft::impl
