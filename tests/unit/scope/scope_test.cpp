// move_on_after, fail_after, Shield: who is cut short, when, and by which of several scopes.
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "base/unique_fd.hpp"
#include "io/io.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Scope);

// CONFORMANCE 92
TEST_P(Scope, FailAfterThrowsWhereItsDeadlineCutsTheBlockShort) {
    const TimePoint before = now();
    EXPECT_THROW(fail_after(2ms, [] { sleep_for(1h); }), TimeoutError);
    EXPECT_GE(now() - before, 2ms) << "never early";
}

// CONFORMANCE 93
TEST_P(Scope, MoveOnAfterReturnsWhetherTheBlockHasReturned) {
    EXPECT_FALSE(move_on_after(1ms, [] { sleep_for(1h); }));
    EXPECT_TRUE(move_on_after(1h, [] { sleep_for(1ms); }));
    EXPECT_TRUE(move_on_after(never, [] { yield(); }));
}

TEST_P(Scope, FailAfterReturnsWhatTheBlockReturns) {
    int value = 0;
    EXPECT_EQ(fail_after(1h, [] { return 5; }), 5);
    EXPECT_EQ(&fail_after(1h, [&]() -> int& { return value; }), &value);
    fail_after(1h, [&] { value = 1; });
    EXPECT_EQ(value, 1);
}

TEST_P(Scope, OtherExceptionsPassThrough) {
    EXPECT_THROW(fail_after(1h, [] { throw std::logic_error("own"); }), std::logic_error);
    EXPECT_THROW(move_on_after(1h, [] { throw std::logic_error("own"); }), std::logic_error);
}

// CONFORMANCE 279
TEST_P(Scope, PastTheDeadlineEveryLaterWaitInTheBlockIsCutShort) {
    int cut = 0;
    EXPECT_TRUE(move_on_after(1ms, [&] {
        for (int i = 0; i < 3; ++i) {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                ++cut;
            }
        }
    }));
    EXPECT_EQ(cut, 3);
    EXPECT_NO_THROW(sleep_for(1ms)) << "after the block all is as before";
}

// CONFORMANCE 94, 290
TEST_P(Scope, OfNestedScopesOnlyTheOneWhoseDeadlineHasPassedStopsTheBlock) {
    std::string steps;
    EXPECT_TRUE(move_on_after(1h, [&] {
        if (!move_on_after(1ms, [] { sleep_for(1h); })) {
            steps += "inner ";
        }
        sleep_for(1ms);
        steps += "goes on ";
    }));
    EXPECT_FALSE(move_on_after(1ms, [&] {
        static_cast<void>(move_on_after(1h, [] { sleep_for(1h); }));
        steps += "never ";
    }));
    try {
        fail_after(1ms, [&] {
            try {
                fail_after(1h, [] { sleep_for(1h); });
            } catch (const TimeoutError&) {
                steps += "never ";
            }
        });
        steps += "never ";
    } catch (const TimeoutError&) {
        steps += "outer";
    }
    EXPECT_EQ(steps, "inner goes on outer");
}

// CONFORMANCE 281
TEST_P(Scope, OfTwoThatEndTogetherTheOuterOneAbsorbsIt) {
    bool went_on = false;
    const TimePoint end = now() + 2ms;
    EXPECT_FALSE(move_on_after(end, [&] {
        static_cast<void>(move_on_after(end, [] { sleep_for(1h); }));
        went_on = true;
    }));
    EXPECT_FALSE(went_on);
}

TEST_P(Scope, OfTwoDurationsThatBeginTogetherTheOuterOneAbsorbsIt) {
    bool went_on = false;
    EXPECT_FALSE(move_on_after(2ms, [&] {
        static_cast<void>(move_on_after(2ms, [] { sleep_for(1h); }));
        went_on = true;
    }));
    EXPECT_FALSE(went_on);
}

TEST_P(Scope, ADurationBeginsAtTheFirstWaitAndRunsThroughAllOfThem) {
    int sleeps = 0;
    const TimePoint before = now();
    EXPECT_FALSE(move_on_after(20ms, [&] {
        for (;;) {
            sleep_for(8ms);
            ++sleeps;
        }
    }));
    EXPECT_LE(sleeps, 2);
    EXPECT_GE(now() - before, 20ms);
    if (on_virtual_time()) {
        EXPECT_EQ(sleeps, 2);
        EXPECT_EQ(now() - before, 20ms);
        const TimePoint armed = now();
        EXPECT_FALSE(move_on_after(10ms, [&] {
            virtual_time().advance(1h);  // work before the first wait does not count
            sleep_for(1h);
        }));
        EXPECT_EQ(now() - armed, 1h + 10ms);
    }
}

// CONFORMANCE 95
TEST_P(Scope, ADeadlineOfZeroFiresAtTheFirstWaitAndOneOfNeverNever) {
    std::string steps;
    EXPECT_FALSE(move_on_after(0ms, [&] {
        steps += "ran ";
        sleep_for(1h);
        steps += "never";
    }));
    EXPECT_TRUE(move_on_after(0ms, [&] { steps += "no wait "; }));
    EXPECT_TRUE(move_on_after(never, [] { sleep_for(1ms); }));
    EXPECT_EQ(steps, "ran no wait ");
}

TEST_P(Scope, ATimePointInThePastFiresAtTheFirstWait) {
    EXPECT_FALSE(move_on_after(now() - 1h, [] { sleep_for(1h); }));
    EXPECT_FALSE(move_on_after(TimePoint{}, [] { sleep_for(1h); }));
    EXPECT_FALSE(move_on_after(-5ms, [] { sleep_for(1h); }));
}

// CONFORMANCE 102
TEST_P(Scope, WhatHasComeByTheDeadlineCountsEvenIfTheHubSeesBothAtOnce) {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    impl::Descriptor reader{impl::UniqueFd(pair[0])};
    const impl::UniqueFd writer(pair[1]);
    auto fiber = spawn([&] {
        Deadline deadline = 50ms;
        return impl::wait_readable(reader, deadline);
    });
    testing::wait_all_parked();
    ASSERT_EQ(write(writer.get(), "x", 1), 1);
    if (on_virtual_time()) {
        virtual_time().advance(51ms);
    }
    for (const TimePoint until = std::chrono::steady_clock::now() + 51ms;
         std::chrono::steady_clock::now() < until;) {
        // The hub gets no turn until after the deadline.
    }
    auto busy = spawn([] { yield(); });
    yield();  // the hub has something else to do: it would rather not ask the kernel
    EXPECT_EQ(fiber.get(), 0) << "readable, not ETIMEDOUT";
}

TEST_P(Scope, ABlockThatOnlyYieldsIsCutShort) {
    // Virtual time stands still while anything runs: somebody has to move it on.
    auto clock = spawn([&] {
        for (int i = 0; on_virtual_time() && i < 10; ++i) {
            virtual_time().advance(1ms);
            yield();
        }
    });
    EXPECT_FALSE(move_on_after(5ms, [] {
        for (;;) {
            yield();
        }
    }));
}

TEST_P(Scope, AnOuterCancellationPassesThroughInnerScopes) {
    std::string steps;
    auto fiber = spawn([&] {
        static_cast<void>(move_on_after(1h, [] { sleep_for(2h); }));
        steps += "never";
    });
    yield();
    fiber.cancel();
    fiber.join();
    EXPECT_EQ(steps, "");
    EXPECT_THROW(fiber.get(), Cancelled);
}

TEST_P(Scope, ACancelledFiberIsNotStoppedByAScopeThatEndsToo) {
    std::string steps;
    auto fiber = spawn([&] {
        static_cast<void>(move_on_after(1ms, [&] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                this_fiber().cancel();
                throw;
            }
        }));
        steps += "never";
    });
    fiber.join();
    EXPECT_EQ(steps, "");
    EXPECT_THROW(fiber.get(), Cancelled);
}

TEST_P(Scope, AShieldKeepsOuterDeadlinesOutAndInnerOnesWork) {
    std::string steps;
    EXPECT_FALSE(move_on_after(1ms, [&] {
        {
            const Shield shield;
            sleep_for(5ms);
            steps += "whole ";
            if (!move_on_after(1ms, [] { sleep_for(1h); })) {
                steps += "inner ";
            }
        }
        sleep_for(1h);
        steps += "never";
    }));
    EXPECT_EQ(steps, "whole inner ");
}

TEST_P(Scope, ACallsOwnDeadlineIsItsOwn) {
    auto target = spawn([] { sleep_for(1h); });
    std::string steps;
    EXPECT_TRUE(move_on_after(1h, [&] {
        try {
            target.join(1ms);
        } catch (const TimeoutError&) {
            steps += "call ";
        }
    }));
    EXPECT_FALSE(move_on_after(1ms, [&] { target.join(1h); }));
    EXPECT_EQ(steps, "call ");
}

TEST_P(Scope, DestructorsInTheBlockMayWaitWhileItIsLeft) {
    std::string steps;
    struct Waits {
        std::string& text;
        ~Waits() {
            sleep_for(2ms);
            text += "cleaned ";
        }
    };
    EXPECT_FALSE(move_on_after(1ms, [&] {
        const Waits waits{steps};
        sleep_for(1h);
    }));
    EXPECT_EQ(steps, "cleaned ");
}

TEST_P(Scope, AHandleThatEndsInACancelledBlockIsJoined) {
    bool ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    EXPECT_FALSE(move_on_after(1ms, [&] {
        auto child = spawn([&] {
            const Note note{ended};
            sleep_for(1h);
        });
        sleep_for(1h);
    }));
    EXPECT_TRUE(ended);
}

TEST_P(Scope, ALoopOfFulfilledWaitsIsCutShortToo) {
    // Two fibers that always find each other ready: neither is ever parked when the hub looks at its timers.
    int rounds = 0;
    auto clock = spawn([&] {
        for (int i = 0; on_virtual_time() && i < 110; ++i) {
            virtual_time().advance(1ms);
            yield();
        }
    });
    // Long enough for a round on a busy machine.
    EXPECT_FALSE(move_on_after(100ms, [&] {
        for (;;) {
            spawn([] {}).join();
            ++rounds;
        }
    }));
    EXPECT_GT(rounds, 0);
}

TEST(ScopeThread, OnAThreadWithoutAHubAScopeGivesItOne) {
    EXPECT_FALSE(run([] { return move_on_after(1ms, [] { sleep_for(1h); }); }));
}

}  // namespace
}  // namespace weft
