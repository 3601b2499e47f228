// Trying again, after longer and longer pauses.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/core/run.hpp>
#include <weft/time/deadline.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <random>
#include <type_traits>
#include <utility>

namespace weft {

/// How retry() and Backoff pause.
struct BackoffOptions {
    Duration first = std::chrono::milliseconds(100);  ///< the first pause
    double factor = 2;                                ///< each pause is so much longer than the one before
    Duration longest = std::chrono::seconds(30);      ///< but no longer than this
    double jitter =
        0.5;  ///< and shorter by a random share of up to this, 0 to 1: so that many do not come at once
    std::uint32_t seed = 0;  ///< of the random shares: the same ones each time; 0: others each time
};

/// The pauses.
class WEFT_API Backoff {
public:
    /// Errors:    std::invalid_argument for options that make no sense.
    explicit Backoff(const BackoffOptions& options = {});

    /// The length of the next pause.
    [[nodiscard]] Duration next() noexcept;
    /// Begins again with the first one, after a success.
    void reset() noexcept { pause_ = options_.first; }

private:
    BackoffOptions options_;
    Duration pause_;
    std::minstd_rand random_;
};

/// How often, and for which errors, retry() tries.
struct RetryOptions {
    unsigned attempts = 5;  ///< in all; 0: until it succeeds
    BackoffOptions backoff = {};
    /// Called with the error of an attempt: false makes it the last. Empty: each error is worth another attempt.
    std::function<bool(const std::exception_ptr&)> worth = {};
};

/// Calls fn() until it returns, pausing after each error, and returns what it returns. Cancellation and kill are no
/// errors: they end it. A limit on all of it is a fail_after() around it.
///
/// Suspends:  for each pause, and as fn does.
/// Cancel:    no further attempt is made.
/// Errors:    what the last attempt throws; std::invalid_argument for options that make no sense.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class F>
std::invoke_result_t<F&> retry(const RetryOptions& options, F fn) {
    Backoff backoff(options.backoff);
    for (unsigned attempt = 1;; ++attempt) {
        try {
            return std::invoke(fn);
        } catch (const Cancelled&) {
            throw;
        } catch (const FiberExit&) {
            throw;
        } catch (...) {
            if (attempt == options.attempts || (options.worth && !options.worth(std::current_exception()))) {
                throw;
            }
        }
        sleep_for(backoff.next());
    }
}
template <class F>
std::invoke_result_t<F&> retry(F fn) {
    return retry(RetryOptions{}, std::move(fn));
}

}  // namespace weft
