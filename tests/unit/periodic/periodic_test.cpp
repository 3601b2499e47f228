// Tickers, delayed calls, retries and limits of rate: when they do what. On virtual time, where lengths are exact.
#include <weft/periodic/call_later.hpp>
#include <weft/periodic/rate_limiter.hpp>
#include <weft/periodic/retry.hpp>
#include <weft/periodic/ticker.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

class PeriodicTest : public ::testing::Test {
protected:
    /// Since the test has begun.
    Duration elapsed() const { return now() - start_; }

private:
    testing::VirtualTime virtual_time_;

protected:
    const TimePoint start_ = now();
};

// --- tickers ---

using TickerTest = PeriodicTest;

TEST_F(TickerTest, WorkBetweenTheTicksDoesNotShiftThem) {
    Ticker ticker(10ms);
    for (int i = 1; i <= 5; ++i) {
        const Tick tick = ticker.next();
        EXPECT_EQ(elapsed(), i * 10ms);
        EXPECT_EQ(tick.due - start_, i * 10ms);
        EXPECT_EQ(tick.skipped, 0U);
        sleep_for(7ms);
    }
}

TEST_F(TickerTest, TicksThatWereMissedAreSkippedAndCounted) {
    Ticker ticker(10ms);
    sleep_for(35ms);
    const Tick late = ticker.next();
    EXPECT_EQ(elapsed(), 35ms) << "at once";
    EXPECT_EQ(late.skipped, 2U);
    EXPECT_EQ(late.due - start_, 30ms);
    EXPECT_EQ(ticker.next().skipped, 0U);
    EXPECT_EQ(elapsed(), 40ms) << "on the grid again";
}

TEST_F(TickerTest, OrTheyAreCaughtUpWith) {
    Ticker ticker(10ms, Missed::catch_up);
    sleep_for(35ms);
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(ticker.next().due - start_, i * 10ms);
        EXPECT_EQ(elapsed(), 35ms);
    }
    EXPECT_EQ(ticker.next().skipped, 0U);
    EXPECT_EQ(elapsed(), 40ms);
}

TEST_F(TickerTest, APassedLimitLeavesTheTickToCome) {
    Ticker ticker(10ms);
    EXPECT_THROW(ticker.next(4ms), TimeoutError);
    EXPECT_EQ(elapsed(), 4ms);
    EXPECT_EQ(ticker.next(6ms).due - start_, 10ms);
    sleep_for(5ms);
    ticker.reset();
    EXPECT_EQ(ticker.next().due - start_, 25ms);
    EXPECT_THROW(Ticker(0ms), std::invalid_argument);
}

TEST_F(TickerTest, AnIntervalNeverOverlapsAndEndsWithItsHandle) {
    std::vector<Duration> begun;
    std::uint64_t skipped = 0;
    {
        auto calls = interval(10ms, [&](const Tick& tick) {
            begun.push_back(elapsed());
            skipped += tick.skipped;
            sleep_for(begun.size() == 1 ? Duration(25ms) : Duration(1ms));
        });
        sleep_for(62ms);
    }
    EXPECT_EQ(begun, (std::vector<Duration>{10ms, 35ms, 40ms, 50ms, 60ms}));
    EXPECT_EQ(skipped, 1U);
    sleep_for(1s);
    EXPECT_EQ(begun.size(), 5U);
    auto failing = interval(1ms, [] { throw std::runtime_error("no"); });
    EXPECT_THROW(failing.get(), std::runtime_error);
}

// --- delayed calls ---

using CallLaterTest = PeriodicTest;

TEST_F(CallLaterTest, ComesAtItsTimeUnlessItIsTakenBack) {
    std::optional<Duration> first;
    bool second = false;
    DelayedCall one = call_later(5ms, [&] { first = elapsed(); });
    DelayedCall other = call_later(5ms, [&] { second = true; });
    EXPECT_TRUE(one.pending());
    EXPECT_TRUE(other.cancel());
    EXPECT_FALSE(other.pending());
    EXPECT_FALSE(other.cancel());
    sleep_for(10ms);
    EXPECT_EQ(first, 5ms);
    EXPECT_FALSE(second);
    EXPECT_FALSE(one.pending() || one.cancel() || one.reset(1ms));
    EXPECT_FALSE(DelayedCall().cancel());
}

TEST_F(CallLaterTest, ResetPutsItOffOrBringsItForward) {
    std::vector<Duration> called;
    DelayedCall later = call_later(5ms, [&] { called.push_back(elapsed()); });
    DelayedCall sooner = call_later(1h, [&] { called.push_back(elapsed()); });
    sleep_for(4ms);
    EXPECT_TRUE(later.reset(6ms));
    EXPECT_TRUE(sooner.reset(2ms));
    sleep_for(1s);
    EXPECT_EQ(called, (std::vector<Duration>{6ms, 10ms}));
}

TEST_F(CallLaterTest, WhatItThrowsIsReported) {
    const test::StderrCapture printed;
    static_cast<void>(call_later(1ms, [] { throw std::runtime_error("in a delayed call"); }));
    sleep_for(2ms);
    testing::wait_all_parked();
    EXPECT_EQ(printed.count("in a delayed call"), 1U);
}

// CONFORMANCE 82
TEST_F(CallLaterTest, AfterOneThatThrowsSleepsAndOtherCallsAreAsBefore) {
    const test::StderrCapture printed;
    std::vector<Duration> called;
    static_cast<void>(call_later(1ms, [] { throw std::runtime_error("in a delayed call"); }));
    static_cast<void>(call_later(1ms, [&] { called.push_back(elapsed()); }));
    sleep_for(2ms);
    EXPECT_EQ(elapsed(), 2ms);
    static_cast<void>(call_later(1ms, [&] { called.push_back(elapsed()); }));
    sleep_for(2ms);
    EXPECT_EQ(elapsed(), 4ms);
    EXPECT_EQ(called, (std::vector<Duration>{1ms, 3ms}));
    EXPECT_EQ(printed.count("in a delayed call"), 1U);
}

TEST(CallLaterAtTheEnd, IsDroppedWithItsHub) {
    bool called = false;
    DelayedCall call;
    run([&] { call = call_later(1h, [&] { called = true; }); });
    EXPECT_FALSE(call.pending());
    EXPECT_FALSE(called);
}

TEST_F(CallLaterTest, ADebouncerCallsOnceThingsAreQuiet) {
    std::vector<Duration> called;
    {
        Debouncer debouncer(10ms, [&] {
            called.push_back(elapsed());
            sleep_for(15ms);  // longer than the quiet time: the next call has to wait
        });
        for (int i = 0; i < 5; ++i) {
            debouncer.trigger();
            sleep_for(5ms);
        }
        sleep_for(6ms);  // until 31 ms
        debouncer.trigger();
        sleep_for(100ms);
        debouncer.trigger();
    }
    sleep_for(1s);
    EXPECT_EQ(called, (std::vector<Duration>{30ms, 45ms}));
}

// --- retries ---

using RetryTest = PeriodicTest;

TEST_F(RetryTest, TriesAgainAfterLongerAndLongerPauses) {
    std::vector<Duration> tried;
    const RetryOptions options{.attempts = 5, .backoff = {.first = 10ms, .longest = 30ms, .jitter = 0}};
    const int result = retry(options, [&] {
        tried.push_back(elapsed());
        if (tried.size() < 5) {
            throw std::runtime_error("not yet");
        }
        return 7;
    });
    EXPECT_EQ(result, 7);
    EXPECT_EQ(tried, (std::vector<Duration>{0ms, 10ms, 30ms, 60ms, 90ms}));
}

TEST_F(RetryTest, GivesUpWithTheLastErrorOrWithOneThatIsNotWorthIt) {
    int tried = 0;
    auto failing = [&] {
        ++tried;
        throw std::out_of_range("no");
    };
    EXPECT_THROW(retry(failing), std::out_of_range);
    EXPECT_EQ(tried, 5);
    tried = 0;
    RetryOptions picky;
    picky.worth = [](const std::exception_ptr&) { return false; };
    EXPECT_THROW(retry(picky, failing), std::out_of_range);
    EXPECT_EQ(tried, 1);
    EXPECT_EQ(elapsed() > 700ms && elapsed() < 1500ms, true) << "four pauses of the first call, with jitter";
}

TEST_F(RetryTest, CancellationIsNoError) {
    int tried = 0;
    auto retrying = spawn([&] {
        retry(RetryOptions{.attempts = 0}, [&] {
            ++tried;
            sleep_for(1h);
        });
    });
    testing::wait_all_parked();
    retrying.cancel();
    EXPECT_THROW(retrying.get(), Cancelled);
    EXPECT_EQ(tried, 1);
    EXPECT_THROW(
        fail_after(1s,
                   [] { retry(RetryOptions{.attempts = 0}, [] { throw std::runtime_error("for ever"); }); }),
        TimeoutError);
}

TEST_F(RetryTest, JitterIsTheSameForTheSameSeedAndOnlyShortens) {
    const BackoffOptions options{.first = 100ms, .jitter = 0.5, .seed = 42};
    Backoff one(options);
    Backoff same(options);
    Backoff other({.first = 100ms, .jitter = 0.5, .seed = 43});
    int differs = 0;
    double pause = 1;
    for (int i = 0; i < 8; ++i, pause *= 2) {
        const Duration length = one.next();
        EXPECT_EQ(length, same.next());
        differs += length != other.next() ? 1 : 0;
        EXPECT_LE(length, pause * 100ms);
        EXPECT_GE(length, pause * 50ms);
    }
    EXPECT_GE(differs, 7);
    one.reset();
    EXPECT_LE(one.next(), 100ms);
    EXPECT_THROW(Backoff({.factor = 0.5}), std::invalid_argument);
    EXPECT_THROW(Backoff({.jitter = 2}), std::invalid_argument);
}

// --- rates ---

using RateLimiterTest = PeriodicTest;

TEST_F(RateLimiterTest, GivesABurstAndThenTheRate) {
    RateLimiter limiter(10, 1s, 3);
    std::vector<Duration> taken;
    for (int i = 0; i < 6; ++i) {
        limiter.acquire();
        taken.push_back(elapsed());
    }
    EXPECT_EQ(taken, (std::vector<Duration>{0ms, 0ms, 0ms, 100ms, 200ms, 300ms}));
    sleep_for(1h);
    EXPECT_TRUE(limiter.try_acquire(3)) << "full again, but no fuller";
    EXPECT_FALSE(limiter.try_acquire());
    limiter.acquire(2);
    EXPECT_EQ(elapsed(), 1h + 500ms);
    EXPECT_THROW(limiter.acquire(4), std::invalid_argument);
    EXPECT_THROW(RateLimiter(0, 1s), std::invalid_argument);
}

TEST_F(RateLimiterTest, ServesInTheOrderOfArrivalAndWhoGivesUpTakesNothing) {
    RateLimiter limiter(1, 100ms);
    limiter.acquire();
    std::vector<int> order;
    std::vector<Fiber<>> fibers;
    auto impatient = spawn([&] { EXPECT_THROW(limiter.acquire(1, 50ms), TimeoutError); });
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&, i] {
            limiter.acquire();
            order.push_back(i);
        }));
    }
    testing::wait_all_parked();
    EXPECT_FALSE(limiter.try_acquire());
    fibers[1].cancel();
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(order, (std::vector{0, 2}));
    EXPECT_EQ(elapsed(), 200ms);
}

TEST(RateLimiterOnThreads, TheyTakeNoMoreThanThereIs) {
    RateLimiter limiter(100, 1ms, 1);
    const TimePoint start = now();
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 50; ++j) {
                limiter.acquire();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_GE(now() - start, 149 * 10us);
}

}  // namespace
}  // namespace weft
