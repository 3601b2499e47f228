// Limits as gevent has them: an exception of its own, thrown once at a wait.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/scope/scope.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <utility>

namespace weft {

class Timeout;

/// What a Timeout throws unless it was given another exception. Not a std::exception, so that a handler for
/// errors lets it pass; Timeout::is() says whose it is.
class WEFT_API TimeoutExpired {
public:
    [[nodiscard]] const char* what() const noexcept { return "a weft::Timeout has expired"; }

private:
    friend class Timeout;
    explicit TimeoutExpired(std::uint64_t serial) noexcept : serial_(serial) {}
    std::uint64_t serial_;
};

/// While it lives, a limit on the waits of the fiber that has made it: the first wait past it throws
/// TimeoutExpired, or the exception that was given, once. What has come in the same pass of the hub counts:
/// then the limit strikes at the next wait. Of two with the same deadline the outer one throws first.
///
///     weft::Timeout limit(2s);
///     try {
///         work();
///     } catch (const weft::TimeoutExpired& expired) {
///         if (!limit.is(expired)) throw;  // an outer one's
///     }
///
/// move_on_after() and fail_after() cannot be swallowed in the block and need no handler: prefer them. Several
/// in one fiber are destroyed in the reverse order, like all scopes.
///
/// Threads:   the fiber that made it; a thread without a hub gets one.
/// Since:     0.1
class WEFT_API Timeout {
public:
    /// Starts it. Zero is due at the first wait that has to wait, `never` at none.
    explicit Timeout(Deadline deadline) : Timeout(deadline, nullptr) {}
    /// Throws `error` instead of TimeoutExpired.
    Timeout(Deadline deadline, std::exception_ptr error);
    Timeout(const Timeout&) = delete;
    Timeout& operator=(const Timeout&) = delete;
    ~Timeout();

    /// Whether it is to strike yet.
    [[nodiscard]] bool pending() const noexcept;
    /// Whether it has thrown since it was started.
    [[nodiscard]] bool expired() const noexcept;

    /// It does not strike any more. It may be started again.
    void cancel() noexcept;
    /// Starts it again. While it is pending that stops the program.
    void start(Deadline deadline);

    /// Whether the exception is what this timeout has thrown.
    [[nodiscard]] bool is(const TimeoutExpired& exception) const noexcept;
    [[nodiscard]] bool is(const std::exception_ptr& exception) const noexcept;

    /// Calls fn(), silently: false if this timeout has struck in it. Every other exception passes through.
    ///
    /// Suspends:  as fn does.
    /// Cancel:    as fn's own waits.
    /// Threads:   the fiber that made it.
    /// Since:     0.1
    template <class F>
    bool run(F&& fn) {
        try {
            std::invoke(std::forward<F>(fn));
            return true;
        } catch (...) {
            if (!is(std::current_exception())) {
                throw;
            }
            return false;
        }
    }

private:
    struct Core;
    [[nodiscard]] WEFT_INTERNAL Core& core() const noexcept;

    alignas(void*) std::byte room_[72];
};

/// Calls fn() under a deadline and returns what it returns, or `fallback` where the deadline has cut it short.
///
/// Suspends:  as fn does.
/// Cancel:    by outer scopes, as fn's own waits.
/// Errors:    what fn throws.
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class Fallback, class F>
std::invoke_result_t<F> with_timeout(Deadline deadline, Fallback&& fallback, F&& fn) {
    impl::ScopeFrame scope(deadline, false);
    try {
        return std::invoke(std::forward<F>(fn));
    } catch (const Cancelled&) {
        if (!scope.caught_own()) {
            throw;
        }
    }
    return std::forward<Fallback>(fallback);
}

}  // namespace weft
