// Limits and shields around whole blocks of waiting calls.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace weft {

namespace impl {

/// A scope on the calling fiber's chain, opaque to users.
class WEFT_API ScopeFrame {
public:
    ScopeFrame(Deadline deadline, bool shield);
    ScopeFrame(const ScopeFrame&) = delete;
    ScopeFrame& operator=(const ScopeFrame&) = delete;
    ~ScopeFrame();

    /// Whether Cancelled, which has come out of the block, is this scope's and no outer one's.
    [[nodiscard]] bool caught_own() const noexcept;

private:
    alignas(void*) std::byte link_[40];
};

}  // namespace impl

/// Calls fn() under a deadline. Past it each wait in fn throws Cancelled, until the block is left; then
/// move_on_after returns. An outer scope's cancellation, and every other exception, passes through.
///
/// Returns:   true if fn has returned, false if the deadline has cut it short.
/// Suspends:  as fn does.
/// Cancel:    by outer scopes, as fn's own waits.
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class F>
requires std::is_void_v<std::invoke_result_t<F>>
bool move_on_after(Deadline deadline, F&& fn) {
    impl::ScopeFrame scope(deadline, false);
    try {
        std::invoke(std::forward<F>(fn));
        return true;
    } catch (const Cancelled&) {
        if (!scope.caught_own()) {
            throw;
        }
        return false;
    }
}

/// As move_on_after(), but throws TimeoutError where the deadline has cut fn short; returns what fn returns.
///
/// Suspends:  as fn does.
/// Cancel:    by outer scopes, as fn's own waits.
/// Errors:    TimeoutError past the deadline; what fn throws.
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class F>
std::invoke_result_t<F> fail_after(Deadline deadline, F&& fn) {
    impl::ScopeFrame scope(deadline, false);
    try {
        return std::invoke(std::forward<F>(fn));
    } catch (const Cancelled&) {
        if (!scope.caught_own()) {
            throw;
        }
        throw TimeoutError("fail_after");
    }
}

/// While it lives, outer scopes, cancel() and kill() do not interrupt the waits of this fiber; what has come
/// meanwhile strikes at the first wait after it. For clean-up, and for destructors that wait. Scopes within
/// it work as ever: bound what waits for others by a move_on_after.
///
/// Threads:   the fiber that made it; a thread without a hub gets one.
/// Since:     0.1
class Shield {
public:
    Shield() : frame_(never, true) {}

private:
    impl::ScopeFrame frame_;
};

}  // namespace weft
