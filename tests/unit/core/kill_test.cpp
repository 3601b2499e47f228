// kill(): an edge, thrown once at a wait.
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Kill);

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

// CONFORMANCE 27
TEST_P(Kill, AFiberThatHasNotStartedNeverRuns) {
    bool ran = false;
    int captured = 0;
    struct Count {
        explicit Count(int& n) : count(&n) { ++*count; }
        Count(const Count& other) : count(other.count) { ++*count; }
        ~Count() { --*count; }
        Count& operator=(const Count&) = delete;
        int* count;
    };
    auto fiber = spawn([&ran, counted = Count(captured)] { ran = true; });
    fiber.kill();
    fiber.join();
    EXPECT_FALSE(ran);
    EXPECT_EQ(captured, 0) << "what it has captured is destroyed all the same";
    EXPECT_THROW(fiber.get(), FiberExit);
}

// CONFORMANCE 28
TEST_P(Kill, AFiberThatHasNotStartedEndsWithTheErrorItIsKilledWith) {
    auto fiber = spawn([] {});
    fiber.kill(error("mine"));
    EXPECT_THROW(fiber.get(), std::runtime_error);
    EXPECT_THROW(fiber.get(), std::runtime_error);
}

// CONFORMANCE 29
TEST_P(Kill, ABlockedFiberIsThrownOutOfItsWaitAndCleansUp) {
    std::string steps;
    struct Note {
        std::string& text;
        ~Note() { text += "destructor "; }
    };
    auto fiber = spawn([&] {
        const Note note{steps};
        try {
            sleep_for(1h);
        } catch (const FiberExit&) {
            steps += "exit ";
            throw;
        }
    });
    yield();
    fiber.kill();
    EXPECT_EQ(steps, "") << "kill() returns before its target runs";
    fiber.join();
    EXPECT_EQ(steps, "exit destructor ");
}

// CONFORMANCE 30
TEST_P(Kill, ReturnsAtOnceAndTheTargetDiesAtItsNextTurn) {
    bool ended = false;
    auto fiber = spawn([&] {
        try {
            sleep_for(1h);
        } catch (const FiberExit&) {
            ended = true;
        }
    });
    yield();
    fiber.kill();
    EXPECT_FALSE(ended);
    yield();
    EXPECT_TRUE(ended);
}

// CONFORMANCE 31
TEST_P(Kill, AFiberInTheRunQueueSeesItAtItsNextWait) {
    std::string steps;
    auto fiber = spawn([&] {
        yield();
        steps += "ran on, ";
        try {
            yield();
        } catch (const FiberExit&) {
            steps += "killed";
        }
    });
    yield();
    fiber.kill();
    fiber.join();
    EXPECT_EQ(steps, "ran on, killed");
}

// CONFORMANCE 32
TEST_P(Kill, OfAFinishedFiberDoesNothing) {
    auto fiber = spawn([] { return 3; });
    fiber.join();
    fiber.kill();
    fiber.kill(error("too late"));
    fiber.ref().kill();
    EXPECT_EQ(fiber.get(), 3);
}

// CONFORMANCE 33
TEST_P(Kill, ASurvivorLivesOn) {
    auto fiber = spawn([] {
        try {
            sleep_for(1h);
        } catch (const FiberExit&) {
            sleep_for(20ms);
        }
        return 8;
    });
    yield();
    fiber.kill();
    EXPECT_THROW(fiber.join(1ms), TimeoutError);
    EXPECT_FALSE(fiber.ready());
    EXPECT_EQ(fiber.get(), 8);
}

// CONFORMANCE 34
TEST_P(Kill, OfItselfIsThrownInPlace) {
    bool went_on = false;
    auto fiber = spawn([&] {
        this_fiber().kill();
        went_on = true;
    });
    fiber.join();
    EXPECT_FALSE(went_on);
    EXPECT_THROW(fiber.get(), FiberExit);
}

TEST_P(Kill, OfItselfWithinAShieldStrikesAfterIt) {
    std::string steps;
    auto fiber = spawn([&] {
        {
            const Shield shield;
            this_fiber().kill();
            yield();
            steps += "shielded ";
        }
        yield();
        steps += "never";
    });
    fiber.join();
    EXPECT_EQ(steps, "shielded ");
}

// CONFORMANCE 42
TEST_P(Kill, TheExceptionIsDeliveredAsItIsWhateverItsType) {
    struct Custom {
        int number;
    };
    int caught = 0;
    auto fiber = spawn([&] {
        try {
            sleep_for(1h);
        } catch (const Custom& custom) {
            caught = custom.number;
        }
    });
    yield();
    fiber.kill(std::make_exception_ptr(Custom{17}));
    fiber.join();
    EXPECT_EQ(caught, 17);
    EXPECT_NO_THROW(fiber.get());
}

TEST_P(Kill, IsDeliveredOnce) {
    int delivered = 0;
    auto fiber = spawn([&] {
        for (int i = 0; i < 3; ++i) {
            try {
                sleep_for(1ms);
            } catch (const FiberExit&) {
                ++delivered;
            }
        }
    });
    yield();
    fiber.kill();
    fiber.kill();
    fiber.join();
    EXPECT_EQ(delivered, 1);
}

// CONFORMANCE 39
TEST_P(Kill, FibersThatKillEachOtherEachGetItOnce) {
    int delivered[2] = {};
    FiberRef refs[2];
    Fiber<> fibers[2];
    for (int self = 0; self < 2; ++self) {
        fibers[self] = spawn([&, self] {
            try {
                sleep_for(1h);
            } catch (const FiberExit&) {
                ++delivered[self];
                refs[1 - self].kill();
            }
        });
        refs[self] = fibers[self].ref();
    }
    yield();
    fibers[0].kill();
    fibers[1].kill();
    fibers[0].join();
    fibers[1].join();
    EXPECT_EQ(delivered[0], 1);
    EXPECT_EQ(delivered[1], 1);
}

TEST_P(Kill, AWaitThatHasBeenFulfilledIsNotLost) {
    std::string steps;
    auto source = spawn([] {
        sleep_for(1ms);
        return 1;
    });
    Fiber<> fiber;
    // The first joiner wakes first, and kills the second one, which has been woken too and has not run yet.
    auto killer = spawn([&] {
        source.join();
        fiber.kill();
    });
    fiber = spawn([&] {
        steps += "got " + std::to_string(source.get()) + ", ";
        try {
            yield();
        } catch (const FiberExit&) {
            steps += "then killed";
        }
    });
    killer.join();
    fiber.join();
    EXPECT_EQ(steps, "got 1, then killed");
}

TEST_P(Kill, WithinAShieldStrikesAtTheFirstWaitAfterIt) {
    std::string steps;
    auto fiber = spawn([&] {
        {
            const Shield shield;
            sleep_for(5ms);
            steps += "shielded, ";
        }
        try {
            sleep_for(1h);
        } catch (const FiberExit&) {
            steps += "killed";
        }
    });
    yield();
    fiber.kill();
    fiber.join();
    EXPECT_EQ(steps, "shielded, killed");
}

TEST_P(Kill, DoesNotComeOutOfATimeoutWithinAShield) {
    std::string steps;
    auto fiber = spawn([&] {
        {
            const Shield shield;
            if (!move_on_after(5ms, [] { sleep_for(1h); })) {
                steps += "bounded, ";
            }
        }
        try {
            sleep_for(1h);
        } catch (const FiberExit&) {
            steps += "killed";
        }
    });
    yield();
    fiber.kill();
    fiber.join();
    EXPECT_EQ(steps, "bounded, killed");
}

TEST_P(Kill, FromAnotherThreadReachesAFiberOfAnIdleHub) {
    auto fiber = spawn([] { sleep_for(1h); });
    yield();
    const FiberRef ref = fiber.ref();
    {
        std::optional<testing::VirtualTime::Hold> hold(std::in_place);
        std::thread killer([&] {
            ref.kill(error("from afar"));
            hold.reset();
        });
        EXPECT_THROW(fiber.get(), std::runtime_error);
        killer.join();
    }
}

TEST_P(Kill, FromAnotherThreadOfAFiberThatHasNotStarted) {
    bool ran = false;
    auto fiber = spawn([&] { ran = true; });
    std::thread([&] { fiber.kill(); }).join();
    yield();
    // The order has come before the fiber's first turn only if the hub has looked into its inbox before.
    fiber.join();
    EXPECT_TRUE(fiber.ready());
}

TEST_P(Kill, AMixOfFibersGetsOneExceptionEachAndTheUnstartedNeverRun) {
    int exits = 0;
    int runs = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] {
            ++runs;
            try {
                sleep_for(1h);
            } catch (const FiberExit&) {
                ++exits;
            }
        }));
    }
    yield();
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] { ++runs; }));
    }
    for (const auto& fiber : fibers) {
        fiber.kill();
    }
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(exits, 3);
}

TEST_P(Kill, AnUncollectedKillErrorIsReportedAndFiberExitIsNot) {
    const test::StderrCapture capture;
    {
        auto fiber = spawn(SpawnOptions{.name = "victim"}, [] { sleep_for(1h); });
        yield();
        fiber.kill(error("reason"));
        fiber.join();
    }
    EXPECT_EQ(capture.count("victim"), 1U) << capture.str();
    {
        auto fiber = spawn([] { sleep_for(1h); });
        yield();
        fiber.kill();
        fiber.join();
    }
    EXPECT_EQ(capture.count("weft:"), 1U) << capture.str();
}

TEST_P(Kill, FiberExitIsNotReportedWhoeverMakesIt) {
    const test::StderrCapture capture;
    {
        auto fiber = spawn([] {});
        fiber.kill(std::make_exception_ptr(FiberExit{}));
        fiber.join();
    }
    EXPECT_EQ(capture.str(), "");
}

TEST_P(Kill, WhileUnwindingDoesNotInterrupt) {
    std::string steps;
    struct Waits {
        std::string& text;
        ~Waits() {
            sleep_for(5ms);
            text += "cleaned ";
        }
    };
    auto fiber = spawn([&] {
        try {
            const Waits waits{steps};
            throw std::runtime_error("own");
        } catch (const std::runtime_error&) {
            steps += "caught ";
        }
        sleep_for(1h);
        steps += "never";
    });
    yield();  // now it sleeps in its destructor
    fiber.kill();
    fiber.join();
    EXPECT_EQ(steps, "cleaned caught ");
}

}  // namespace
}  // namespace weft
