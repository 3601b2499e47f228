// Scopes that are objects: cancelled by anybody, by a limit that may change, or by a std::stop_token.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

namespace weft {

namespace impl {
class CancelCore;
struct CancelCoreDelete {
    WEFT_API void operator()(CancelCore* core) const noexcept;
};
}  // namespace impl

/// A block of waiting calls that others may end. Once it is cancelled, by cancel(), its deadline or the token
/// that it was made with, each wait in the block throws Cancelled, until the block is left; then run()
/// returns. It may be cancelled before run() too: then the first wait in the block throws.
///
/// The object may be held anywhere. One block at a time runs in it; a cancelled scope stays so for good.
class WEFT_API CancelScope {
public:
    /// Errors:  std::bad_alloc.
    explicit CancelScope(Deadline deadline = never);
    /// Is cancelled when `outside` says stop.
    explicit CancelScope(std::stop_token outside, Deadline deadline = never);
    CancelScope(const CancelScope&) = delete;
    CancelScope& operator=(const CancelScope&) = delete;
    ~CancelScope() = default;

    /// Calls fn() in the scope. The cancellation of an outer scope, and every other exception, passes
    /// through.
    ///
    /// Returns:   true if fn has returned, false if the scope's cancellation has cut it short.
    /// Suspends:  as fn does.
    /// Cancel:    by outer scopes, as fn's own waits.
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F>
    bool run(F&& fn) {
        const Entered entered(*this);
        try {
            std::invoke(std::forward<F>(fn));
            return true;
        } catch (const Cancelled&) {
            if (!caught_own()) {
                throw;
            }
            return false;
        }
    }

    /// Cancels the scope. `reason` is what Cancelled says; it is not copied, and that of the first call
    /// counts. Returns at once. Any fiber or thread; callbacks of users that are registered with
    /// stop_token() are called here, and may not wait.
    void cancel(const char* reason = "cancelled") noexcept;

    /// Whether the scope is cancelled, by whatever; a deadline that has passed counts from the first wait
    /// that has noticed. Any fiber or thread.
    [[nodiscard]] bool cancelled() const noexcept;

    /// Whether a block has been cut short; false if it was through with its waits when the cancellation came.
    [[nodiscard]] bool cut_short() const noexcept { return cut_short_; }

    /// The limit as it is now: a duration until its first wait has begun. On the block's own hub.
    [[nodiscard]] Deadline deadline() const noexcept;

    /// Changes the limit, also while the block waits; a duration begins at the next wait, or now if the block
    /// is waiting. No effect once the scope is cancelled. On the block's own hub.
    void set_deadline(Deadline deadline);

    /// Says stop when what runs in the scope is to stop: the scope, one around it or the fiber has been
    /// cancelled (a deadline that has passed counts from the first wait that has noticed). For work that
    /// weft's waits do not reach.
    [[nodiscard]] std::stop_token stop_token() const noexcept;

private:
    struct Entered {
        explicit Entered(CancelScope& of) : scope(of) { scope.enter(); }
        Entered(const Entered&) = delete;
        Entered& operator=(const Entered&) = delete;
        ~Entered() { scope.leave(); }
        CancelScope& scope;
    };

    void enter();
    void leave() noexcept;
    bool caught_own() noexcept;

    std::unique_ptr<impl::CancelCore, impl::CancelCoreDelete> core_;
    bool cut_short_ = false;
};

/// The earliest limit of the scopes that the calling fiber is in, as far as no shield hides them: `never` if
/// there is none, and a time point in the past if one of them, or the fiber, is cancelled. A duration that
/// has not begun begins now. `never` on a thread without a hub.
[[nodiscard]] WEFT_API Deadline current_effective_deadline() noexcept;

/// Throws what a wait that began now would throw; does not wait. For long calculations.
///
/// Cancel:    throws Cancelled, like any wait.
/// Threads:   any; does nothing on a thread without a hub.
/// Since:     0.1
WEFT_API void check_cancelled();

/// Whether a scope that the calling fiber is in, or the fiber itself, is cancelled, also where a shield keeps
/// it from the fiber's waits: for clean-up that wants to know. Deadlines count from the first wait that has
/// noticed. False on a thread without a hub.
[[nodiscard]] WEFT_API bool cancel_requested() noexcept;

}  // namespace weft
