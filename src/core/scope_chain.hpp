// The chain of cancel scopes and shields of a fiber: what may interrupt its next wait, and when.
#pragma once

#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft::impl {

struct FiberBlock;

/// Whom a scope belongs to, where that is more than a block under a limit.
struct ScopeOwner {
    /// What runs in the scope is to stop: the scope, one around it or its fiber has been cancelled. On the fiber's hub;
    /// perhaps more than once.
    virtual void stopping() noexcept {}
    /// Throws what interrupts the fiber: Cancelled, unless it is something of the owner's.
    [[noreturn]] virtual void strike();

protected:
    ~ScopeOwner() = default;
};

/// One open scope or shield; lives on the fiber's stack, innermost first.
struct ScopeLink {
    ScopeLink* outer = nullptr;
    FiberBlock* fiber = nullptr;  ///< whose chain it is in
    Deadline deadline = never;    ///< a relative one is fixed at the first park under it
    ScopeOwner* owner = nullptr;
    bool cancelled = false;  ///< every wait under it is interrupted
    bool shield = false;     ///< what lies further out does not reach in
    bool edge = false;       ///< interrupts once, with an exception of its owner's, and cancels nothing
    unsigned uncaught = 0;   ///< exceptions in flight when it was opened
};

/// Opens a scope in the calling fiber, and closes it again. A thread without a hub gets one.
void open_scope(ScopeLink& link);
void close_scope(ScopeLink& link) noexcept;

/// Cancels `link`; wakes its fiber if that waits under it. Only from the hub of its fiber.
void cancel_scope(ScopeLink& link) noexcept;

/// Changes the limit of an open scope, also while its fiber waits under it. Only from the hub of its fiber.
void set_scope_deadline(ScopeLink& link, Deadline deadline);

/// cancel() has been called on the fiber itself, its outermost scope.
bool fiber_is_cancelled(const FiberBlock& fiber) noexcept;

/// Whether something further out than `link`, and not hidden by a shield, is cancelled too.
bool cancelled_outside(const ScopeLink& link) noexcept;

/// Tells the owners of the fiber's scopes within `from` (null: all) that they are to stop, up to the innermost shield.
void tell_owners(FiberBlock& fiber, const ScopeLink* from) noexcept;

/// What the scopes say about a wait that starts now. While an exception unwinds the fiber, only the scopes that the
/// destructors themselves have opened count: they bound the clean-up, all others would cut it short.
struct ScopeLimit {
    std::int64_t until = INT64_MAX;  ///< the earliest deadline in reach, steady ns
    ScopeLink* earliest = nullptr;   ///< the scope that has it
    ScopeLink* cancelled = nullptr;  ///< the outermost cancelled scope in reach
    bool shielded = false;  ///< the rest of the chain is hidden, and that the fiber is cancelled or killed
};

/// Walks the chain of the calling fiber; fixes relative deadlines at the hub's clock, which is read once at most.
ScopeLimit scope_limit(FiberBlock& fiber) noexcept;

/// A limit of the fiber's wait has been reached, the wait's own being `own`. If it was a scope's, that is cancelled now and
/// the result is true. Of two that end together the outer one counts, and a scope is further out than the call.
bool scope_lapsed(FiberBlock& fiber, std::int64_t own) noexcept;

/// Cancels a scope whose deadline has passed.
void expire_scope(ScopeLink& link) noexcept;

/// Throws what interrupts a wait under the cancelled scope `link`; null: the fiber is cancelled.
[[noreturn]] void strike(ScopeLink* link);

}  // namespace weft::impl
