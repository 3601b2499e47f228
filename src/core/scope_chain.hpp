// The chain of cancel scopes and shields of a fiber: what may interrupt its next wait, and when.
#pragma once

#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft::impl {

struct FiberBlock;

/// One open scope or shield; lives on the fiber's stack, innermost first.
struct ScopeLink {
    ScopeLink* outer = nullptr;
    FiberBlock* fiber = nullptr;  ///< whose chain it is in
    Deadline deadline = never;    ///< a relative one is fixed at the first park under it
    bool cancelled = false;       ///< level: every wait under it is interrupted
    bool shield = false;          ///< what lies further out does not reach in
    unsigned uncaught = 0;        ///< exceptions in flight when it was opened
};

/// Opens a scope in the calling fiber, and closes it again. A thread without a hub gets one.
void open_scope(ScopeLink& link);
void close_scope(ScopeLink& link) noexcept;

/// Cancels `link`; wakes its fiber if that waits under it. Only from the hub of its fiber.
void cancel_scope(ScopeLink& link) noexcept;

/// cancel() has been called on the fiber itself, its outermost scope.
bool fiber_is_cancelled(const FiberBlock& fiber) noexcept;

/// What the scopes say about a wait that starts now. While an exception unwinds the fiber, only the scopes that the
/// destructors themselves have opened count: they bound the clean-up, all others would cut it short.
struct ScopeLimit {
    std::int64_t until = INT64_MAX;  ///< the earliest deadline in reach, steady ns
    ScopeLink* earliest = nullptr;   ///< the scope that has it
    ScopeLink* cancelled = nullptr;  ///< the innermost cancelled scope in reach
    bool shielded = false;  ///< the rest of the chain is hidden, and that the fiber is cancelled or killed
};

/// Walks the chain of the calling fiber; fixes relative deadlines at the hub's clock, which is read once at most.
ScopeLimit scope_limit(FiberBlock& fiber) noexcept;

}  // namespace weft::impl
