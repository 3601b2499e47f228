// Timeout: an exception of its own, once; told apart by identity. with_timeout.
#include <weft/scope/timeout.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(TimeoutTest);

TEST_P(TimeoutTest, ThrowsItsOwnExceptionOnceAtAWait) {
    const Timeout limit(2ms);
    const TimePoint before = now();
    try {
        sleep_for(1h);
        ADD_FAILURE();
    } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(limit.is(expired));
        EXPECT_TRUE(limit.is(std::current_exception()));
    }
    EXPECT_GE(now() - before, 2ms);
    EXPECT_TRUE(limit.expired());
    EXPECT_FALSE(limit.pending());
    EXPECT_NO_THROW(sleep_for(1ms)) << "once";
}

TEST_P(TimeoutTest, AHandlerForErrorsLetsItPass) {
    const Timeout limit(1ms);
    try {
        try {
            sleep_for(1h);
        } catch (const std::exception&) {
            ADD_FAILURE();
        }
    } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(limit.is(expired));
    }
}

TEST_P(TimeoutTest, OfNestedOnesEachKnowsItsOwn) {
    std::string steps;
    Timeout outer(2ms);
    try {
        const Timeout inner(1h);
        try {
            sleep_for(2h);
        } catch (const TimeoutExpired& expired) {
            EXPECT_TRUE(outer.is(expired));
            steps += inner.is(expired) ? "wrong " : "passes ";
            throw;
        }
    } catch (const TimeoutExpired& expired) {
        steps += outer.is(expired) ? "outer" : "wrong";
    }
    EXPECT_EQ(steps, "passes outer");
}

TEST_P(TimeoutTest, OfTwoWithTheSameDeadlineTheOuterThrowsFirstAndTheInnerThen) {
    const TimePoint end = now() + 2ms;
    const Timeout outer(end);
    const Timeout inner(end);
    try {
        sleep_for(1h);
        ADD_FAILURE();
    } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(outer.is(expired));
        EXPECT_FALSE(inner.is(expired));
    }
    try {
        sleep_for(1h);
        ADD_FAILURE();
    } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(inner.is(expired));
    }
}

TEST_P(TimeoutTest, RunIsSilentOnlyWhereItIsThisOne) {
    Timeout limit(1ms);
    EXPECT_FALSE(limit.run([] { sleep_for(1h); }));
    EXPECT_TRUE(limit.run([] { sleep_for(1ms); }));
    EXPECT_THROW(limit.run([] { throw std::logic_error("own"); }), std::logic_error);
    Timeout outer(1ms);
    EXPECT_FALSE(outer.run([] {
        Timeout inner(1h);
        inner.run([] { sleep_for(2h); });
        ADD_FAILURE() << "the outer one's passes through";
    }));
}

// CONFORMANCE 96
TEST_P(TimeoutTest, ACancelledOneDoesNotFireAndMayBeStartedAgain) {
    Timeout limit(1ms);
    limit.cancel();
    EXPECT_FALSE(limit.pending());
    EXPECT_NO_THROW(sleep_for(5ms));
    limit.start(1ms);
    EXPECT_TRUE(limit.pending());
    EXPECT_FALSE(limit.run([] { sleep_for(1h); }));
    limit.start(1ms);
    EXPECT_FALSE(limit.expired());
    EXPECT_FALSE(limit.run([] { sleep_for(1h); }));
}

// CONFORMANCE 97
TEST_P(TimeoutTest, StartingAPendingOneStopsTheProgram) {
    Timeout limit(1h);
    EXPECT_DEATH(limit.start(1h), "a Timeout is started that is pending");
}

struct TooSlow : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// CONFORMANCE 99
TEST_P(TimeoutTest, ThrowsTheExceptionThatItWasGiven) {
    const auto error = std::make_exception_ptr(TooSlow("the oracle"));
    Timeout limit(1ms, error);
    try {
        sleep_for(1h);
        ADD_FAILURE();
    } catch (const TooSlow& slow) {
        EXPECT_STREQ(slow.what(), "the oracle");
        EXPECT_TRUE(limit.is(std::current_exception()));
    }
    limit.start(1ms);
    EXPECT_FALSE(limit.run([] { sleep_for(1h); }));
    EXPECT_FALSE(limit.is(std::make_exception_ptr(TooSlow("another"))));
}

TEST_P(TimeoutTest, ZeroFiresAtTheFirstWaitAndNeverAtNone) {
    std::string steps;
    Timeout zero(0ms);
    EXPECT_FALSE(zero.run([&] {
        steps += "ran ";
        yield();
        steps += "never";
    }));
    EXPECT_EQ(steps, "ran ");
    const Timeout none(never);
    EXPECT_FALSE(none.pending());
    EXPECT_NO_THROW(sleep_for(1ms));
}

TEST_P(TimeoutTest, TheEventThatCameInTheSamePassCountsAndTheTimeoutStrikesNext) {
    // The fiber is woken, and then, before it runs, its limit passes: the hub sees both in one pass.
    std::string steps;
    auto child = spawn([] { yield(); });
    auto fiber = spawn([&] {
        Timeout limit(now() + 1ms);
        EXPECT_FALSE(limit.run([&] {
            child.join();
            steps += "joined ";
            sleep_for(1h);
            steps += "never";
        }));
    });
    auto clock = spawn([&] {
        if (on_virtual_time()) {
            virtual_time().advance(2ms);
        }
        const TimePoint until = std::chrono::steady_clock::now() + 2ms;
        while (std::chrono::steady_clock::now() < until) {
        }
    });
    fiber.get();
    EXPECT_EQ(steps, "joined ");
}

TEST_P(TimeoutTest, OneThatIsLeftBeforeItStrikesIsGone) {
    {
        const Timeout limit(1ms);
        yield();
    }
    EXPECT_NO_THROW(sleep_for(5ms));
}

TEST_P(TimeoutTest, AScopeInsideLetsItPassAndOneOutsideIsNotTakenForIt) {
    std::string steps;
    Timeout limit(1ms);
    EXPECT_FALSE(limit.run([&] {
        static_cast<void>(move_on_after(1h, [] { sleep_for(2h); }));
        steps += "never";
    }));
    EXPECT_FALSE(move_on_after(1ms, [&] {
        Timeout inner(1h);
        inner.run([] { sleep_for(2h); });
        steps += "never";
    }));
    EXPECT_EQ(steps, "");
}

TEST_P(TimeoutTest, AnInnerScopeThatEndsTogetherWithItIsCutShortAndTheTimeoutStrikesNext) {
    // The scope's cancellation is on its way when the limit passes too: each is delivered, to whom it belongs.
    const TimePoint end = now() + 2ms;
    std::string steps;
    Timeout limit(end + 1ms);
    EXPECT_FALSE(limit.run([&] {
        EXPECT_FALSE(move_on_after(end, [] { sleep_for(1h); }));
        steps += "inner ";
        sleep_for(1h);
    }));
    EXPECT_EQ(steps, "inner ");
}

TEST_P(TimeoutTest, BehindAShieldItWaits) {
    std::string steps;
    Timeout limit(now() + 1ms);
    EXPECT_FALSE(limit.run([&] {
        {
            const Shield shield;
            sleep_for(5ms);
            steps += "whole ";
        }
        yield();
        steps += "never";
    }));
    EXPECT_EQ(steps, "whole ");
}

// CONFORMANCE 98
TEST_P(TimeoutTest, WithTimeoutFallsBackOnlyWhenItsOwnLimitHasPassed) {
    EXPECT_EQ(with_timeout(1ms, -1, [] { return sleep_for(1h), 1; }), -1);
    EXPECT_EQ(with_timeout(1h, -1, [] { return 1; }), 1);
    EXPECT_THROW(with_timeout(1h, -1, []() -> int { throw std::logic_error("own"); }), std::logic_error);
    Timeout outer(1ms);
    EXPECT_FALSE(outer.run([] { EXPECT_EQ(with_timeout(1h, -1, [] { return sleep_for(2h), 1; }), 1); }));
    EXPECT_FALSE(move_on_after(1ms, [] {
        with_timeout(1h, -1, [] { return sleep_for(2h), 1; });
        ADD_FAILURE();
    }));
}

// CONFORMANCE 285
TEST_P(TimeoutTest, LeavingScopesInTheWrongOrderStopsTheProgram) {
    EXPECT_DEATH(
        {
            auto outer = std::make_unique<Timeout>(1h);
            const Timeout inner(1h);
            outer.reset();
        },
        "are left in the wrong order");
}

}  // namespace
}  // namespace weft
