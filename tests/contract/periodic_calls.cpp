// The waiting calls of periodic work.
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include <weft/periodic/rate_limiter.hpp>
#include <weft/periodic/retry.hpp>
#include <weft/periodic/ticker.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct TickerNext : WaitingCall {
    void call(Deadline deadline) override { static_cast<void>(ticker.next(deadline)); }
    void fulfil() override {}  // time passes by itself
    void expect_untouched() override {}
    Ticker ticker{25ms};
};
WEFT_WAITING_CALL("Ticker::next", TickerNext);

struct RateLimiterAcquire : WaitingCall {
    RateLimiterAcquire() { limiter.acquire(); }
    void call(Deadline deadline) override { limiter.acquire(1, deadline); }
    void fulfil() override {}
    void expect_untouched() override {}
    RateLimiter limiter{1, 25ms};
};
WEFT_WAITING_CALL("RateLimiter::acquire", RateLimiterAcquire);

/// Pauses once.
struct Retry : WaitingCall {
    void call(Deadline) override {
        bool again = false;
        retry(RetryOptions{.backoff = {.first = 25ms}}, [&] {
            if (!std::exchange(again, true)) {
                throw std::runtime_error("the first time");
            }
        });
    }
    void fulfil() override {}
    void expect_untouched() override {}
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("retry", Retry);

}  // namespace
}  // namespace weft::test
