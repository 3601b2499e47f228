// The chain of scopes and shields of the calling fiber.
#include "core/scope_chain.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"

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

}  // namespace

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
}

bool fiber_is_cancelled(const FiberBlock& fiber) noexcept {
    return (fiber.attention & attention_cancel) != 0;
}

ScopeLimit scope_limit(FiberBlock& fiber) noexcept {
    ScopeLimit limit;
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    const unsigned uncaught = hub.thread_context().exceptions->uncaught;
    limit.shielded = uncaught != 0;
    std::int64_t now = 0;
    for (ScopeLink* link = fiber.scopes; link != nullptr && link->uncaught >= uncaught; link = link->outer) {
        if (link->cancelled && limit.cancelled == nullptr) {
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

}  // namespace weft::impl
