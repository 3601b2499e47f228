// cancel(): a level, thrown by each wait until the fiber has ended.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Cancel);

TEST_P(Cancel, EachWaitThrowsFromThenOn) {
    int thrown = 0;
    auto fiber = spawn([&] {
        for (int i = 0; i < 4; ++i) {
            try {
                i % 2 == 0 ? sleep_for(1h) : yield();
            } catch (const Cancelled&) {
                ++thrown;
            }
        }
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(thrown, 4);
}

// CONFORMANCE 280
TEST_P(Cancel, AFiberCancelledBeforeItStartsRunsToItsFirstWait) {
    std::string steps;
    auto fiber = spawn([&] {
        steps += "ran ";
        sleep_for(1ms);
        steps += "never";
    });
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(steps, "ran ");
    EXPECT_THROW(fiber.get(), Cancelled);
}

// CONFORMANCE 289
TEST_P(Cancel, TwiceOrAfterTheEndIsNoError) {
    auto fiber = spawn([] { sleep_for(1h); });
    yield();
    fiber.cancel();
    fiber.cancel();
    fiber.join();
    fiber.cancel();
    fiber.ref().cancel();
    EXPECT_THROW(fiber.get(), Cancelled);
}

// CONFORMANCE 282
TEST_P(Cancel, AShieldHoldsItOffAndItStrikesAfterwards) {
    std::string steps;
    auto fiber = spawn([&] {
        {
            const Shield shield;
            sleep_for(5ms);
            yield();
            steps += "shielded ";
        }
        sleep_for(1h);
        steps += "never";
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(steps, "shielded ");
}

TEST_P(Cancel, IsNotAStandardException) {
    bool swallowed = false;
    auto fiber = spawn([&] {
        try {
            sleep_for(1h);
        } catch (const std::exception&) {
            swallowed = true;
        }
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_FALSE(swallowed);
}

TEST_P(Cancel, WhileUnwindingDoesNotInterrupt) {
    std::string steps;
    struct Waits {
        std::string& text;
        ~Waits() {
            sleep_for(2ms);
            text += "cleaned ";
        }
    };
    auto fiber = spawn([&] {
        const Waits first{steps};
        const Waits second{steps};
        sleep_for(1h);
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(steps, "cleaned cleaned ");
}

TEST_P(Cancel, ABoundWithinADestructorHoldsWhileUnwinding) {
    std::string steps;
    struct Waits {
        std::string& text;
        ~Waits() {
            if (!move_on_after(2ms, [] { sleep_for(1h); })) {
                text += "bounded ";
            }
        }
    };
    auto fiber = spawn([&] {
        const Waits waits{steps};
        sleep_for(1h);
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(steps, "bounded ");
}

TEST_P(Cancel, InAHandlerOfTheCancellationWaitsAreStillInterrupted) {
    bool again = false;
    auto fiber = spawn([&] {
        try {
            sleep_for(1h);
        } catch (const Cancelled&) {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                again = true;
            }
            throw;
        }
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_TRUE(again);
}

TEST_P(Cancel, OfItselfStrikesAtTheNextWait) {
    std::string steps;
    auto fiber = spawn([&] {
        this_fiber().cancel();
        steps += "going on ";
        yield();
        steps += "never";
    });
    fiber.join();
    EXPECT_EQ(steps, "going on ");
}

TEST_P(Cancel, FromAnotherThreadReachesAFiberOfAnIdleHub) {
    auto fiber = spawn([] { sleep_for(1h); });
    yield();
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread canceller([&] {
        fiber.cancel();
        hold.reset();
    });
    fiber.join();
    canceller.join();
    EXPECT_THROW(fiber.get(), Cancelled);
}

// CONFORMANCE 284
TEST_P(Cancel, AWaitThatHasBeenFulfilledIsNotLost) {
    std::string steps;
    Fiber<int> source = spawn([] {
        sleep_for(1ms);
        return 5;
    });
    Fiber<> fiber;
    // The first joiner wakes first, and cancels the second one, which has been woken too and has not run yet.
    auto canceller = spawn([&] {
        source.join();
        fiber.cancel();
    });
    fiber = spawn([&] {
        steps += "got " + std::to_string(source.get()) + ", ";
        yield();
        steps += "never";
    });
    canceller.join();
    fiber.join();
    EXPECT_EQ(steps, "got 5, ");
    EXPECT_THROW(fiber.get(), Cancelled);
}

TEST_P(Cancel, OfAJoinLeavesItsTargetAlone) {
    auto target = spawn([] {
        sleep_for(5ms);
        return 2;
    });
    auto joiner = spawn([&] { target.join(); });
    yield();
    joiner.cancel();
    joiner.join();
    EXPECT_THROW(joiner.get(), Cancelled);
    EXPECT_FALSE(target.ready());
    EXPECT_EQ(target.get(), 2);
}

}  // namespace
}  // namespace weft
