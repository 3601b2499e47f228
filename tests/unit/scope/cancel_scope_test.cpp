// CancelScope: who may cancel it, when that strikes, and what is said of it afterwards; tokens in and out.
#include <weft/scope/cancel_scope.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(CancelScopeTest);

TEST_P(CancelScopeTest, CancelledByAnotherFiberItsBlockIsCutShort) {
    CancelScope scope;
    auto canceller = spawn([&] { scope.cancel(); });
    EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
    EXPECT_TRUE(scope.cancelled());
    EXPECT_TRUE(scope.cut_short());
    EXPECT_NO_THROW(sleep_for(1ms)) << "after the block all is as before";
}

TEST_P(CancelScopeTest, CancelledBeforeItIsEnteredItStrikesAtTheFirstWait) {
    CancelScope scope;
    scope.cancel();
    std::string steps;
    EXPECT_FALSE(scope.run([&] {
        steps += "ran ";
        yield();
        steps += "never";
    }));
    EXPECT_EQ(steps, "ran ");
}

TEST_P(CancelScopeTest, CancelledAfterTheLastWaitItHasNotCutShort) {
    CancelScope scope;
    EXPECT_TRUE(scope.run([&] { scope.cancel(); }));
    EXPECT_TRUE(scope.cancelled());
    EXPECT_FALSE(scope.cut_short());
}

TEST_P(CancelScopeTest, ItStaysCancelledForTheBlocksThatFollow) {
    CancelScope scope;
    EXPECT_TRUE(scope.run([] { sleep_for(1ms); }));
    scope.cancel();
    EXPECT_FALSE(scope.run([] { sleep_for(1ms); }));
    EXPECT_FALSE(scope.run([] { sleep_for(1ms); }));
}

TEST_P(CancelScopeTest, CancelledByAThreadItsBlockIsCutShort) {
    CancelScope scope;
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread thread([&] { scope.cancel(); });
    EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
    thread.join();
}

TEST_P(CancelScopeTest, ACancellationOnItsWayFromAThreadDoesNotOutliveTheBlock) {
    for (int i = 0; i < 50; ++i) {
        CancelScope scope;
        std::thread thread([&] { scope.cancel(); });
        scope.run([&] {
            while (!scope.cancelled()) {
                std::this_thread::yield();
            }
        });
        thread.join();
        EXPECT_TRUE(scope.cancelled());
    }
    yield();
}

TEST_P(CancelScopeTest, CancelledByAFiberOfAnotherHub) {
    const testing::VirtualTime::Hold hold;
    const test::Host host;
    CancelScope scope;
    auto canceller = spawn(SpawnOptions{.hub = host.hub()}, [&] { scope.cancel(); });
    EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
}

TEST_P(CancelScopeTest, OnlyTheScopeThatIsCancelledAbsorbsIt) {
    CancelScope outer;
    CancelScope inner;
    std::string steps;
    auto canceller = spawn([&] { outer.cancel(); });
    EXPECT_FALSE(outer.run([&] {
        inner.run([] { sleep_for(1h); });
        steps += "never";
    }));
    EXPECT_FALSE(inner.cancelled());
    EXPECT_FALSE(inner.cut_short());
    EXPECT_EQ(steps, "");
}

TEST_P(CancelScopeTest, OtherExceptionsPassThrough) {
    CancelScope scope;
    scope.cancel();
    EXPECT_THROW(scope.run([] { throw std::logic_error("own"); }), std::logic_error);
    EXPECT_FALSE(scope.cut_short());
}

// CONFORMANCE 286
TEST_P(CancelScopeTest, TheReasonIsInTheExceptionAndALaterOneDoesNotReplaceIt) {
    CancelScope scope;
    std::string reason;
    scope.cancel("the first");
    scope.cancel("the second");
    scope.run([&] {
        try {
            yield();
        } catch (const Cancelled& cancelled) {
            reason = cancelled.what();
        }
    });
    EXPECT_EQ(reason, "the first");
}

TEST_P(CancelScopeTest, ItsDeadlineCutsShort) {
    CancelScope scope(2ms);
    const TimePoint before = now();
    EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
    EXPECT_TRUE(scope.cancelled());
    EXPECT_GE(now() - before, 2ms);
}

// CONFORMANCE 283
TEST_P(CancelScopeTest, ADeadlineThatIsChangedWhileTheBlockWaitsCounts) {
    const TimePoint start = now();
    CancelScope scope(start + 1h);
    EXPECT_EQ(scope.deadline(), Deadline(start + 1h));
    auto sooner = spawn([&] { scope.set_deadline(start + 2ms); });
    EXPECT_FALSE(scope.run([] { sleep_for(2h); }));
    if (on_virtual_time()) {
        EXPECT_EQ(now() - start, 2ms);
    }
    CancelScope longer(now() + 1ms);
    auto later = spawn([&] { longer.set_deadline(never); });
    EXPECT_TRUE(longer.run([] { sleep_for(5ms); })) << "moved away before it was reached";
    EXPECT_TRUE(longer.run([&] {
        EXPECT_TRUE(current_effective_deadline().is_never());
        const TimePoint near = now() + 1h;
        EXPECT_TRUE(move_on_after(near, [&] {
            longer.set_deadline(near + 1h);
            EXPECT_EQ(current_effective_deadline(), Deadline(near)) << "the nearest";
            const Shield shield;
            EXPECT_TRUE(current_effective_deadline().is_never()) << "of those that no shield hides";
        }));
    }));
    CancelScope expired(now() - 1ms);
    EXPECT_FALSE(expired.run([] {
        EXPECT_LE(current_effective_deadline().resolve({}), now());
        EXPECT_THROW(yield(), Cancelled);
        EXPECT_EQ(current_effective_deadline(), Deadline(TimePoint{}));
        yield();
    }));
}

TEST_P(CancelScopeTest, TheLimitOfTheCallHoldsWhenThatOfTheScopeIsMovedAway) {
    CancelScope scope(now() + 100ms);
    auto target = spawn([] { sleep_for(1h); });
    auto later = spawn([&] { scope.set_deadline(now() + 2h); });
    EXPECT_TRUE(scope.run([&] { EXPECT_THROW(target.join(120ms), TimeoutError); }));
}

TEST_P(CancelScopeTest, ATokenThatSaysStopCancelsIt) {
    // Not on the stack: g++ 12 believes there that its constructor reads it.
    const auto source = std::make_unique<std::stop_source>();
    CancelScope scope(source->get_token());
    auto stopper = spawn([&] { source->request_stop(); });
    EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
    CancelScope late(source->get_token());
    EXPECT_TRUE(late.cancelled());
    EXPECT_FALSE(late.run([] { yield(); }));
}

TEST_P(CancelScopeTest, ATokenOfAThreadCancelsIt) {
    const testing::VirtualTime::Hold hold;
    std::jthread thread([](const std::stop_token& own) {
        run([&] {
            CancelScope scope(own);
            EXPECT_FALSE(scope.run([] { sleep_for(1h); }));
        });
    });
}

TEST_P(CancelScopeTest, ItsTokenSaysStopWhateverCancelsWhatRunsInIt) {
    CancelScope by_call;
    const std::stop_token token = by_call.stop_token();
    EXPECT_FALSE(token.stop_requested());
    by_call.cancel();
    EXPECT_TRUE(token.stop_requested());

    CancelScope by_deadline(1ms);
    by_deadline.run([] { sleep_for(1h); });
    EXPECT_TRUE(by_deadline.stop_token().stop_requested());

    CancelScope inner;
    CancelScope outer;
    outer.run([&] {
        inner.run([&] {
            const Shield shield;
            outer.cancel();
            EXPECT_TRUE(inner.stop_token().stop_requested()) << "the shield lies further in";
        });
    });
    CancelScope shielded;
    CancelScope around;
    around.run([&] {
        const Shield shield;
        shielded.run([&] {
            around.cancel();
            EXPECT_FALSE(shielded.stop_token().stop_requested());
        });
    });
    CancelScope in_fiber;
    auto fiber = spawn([&] { in_fiber.run([] { sleep_for(1h); }); });
    yield();
    fiber.cancel();
    EXPECT_TRUE(in_fiber.stop_token().stop_requested());
    EXPECT_FALSE(in_fiber.cancelled()) << "it is the fiber that is";
}

TEST_P(CancelScopeTest, EnteredInACancelledScopeItsTokenSaysStopAtOnce) {
    CancelScope outer;
    CancelScope inner;
    outer.cancel();
    outer.run([&] { inner.run([&] { EXPECT_TRUE(inner.stop_token().stop_requested()); }); });
    EXPECT_FALSE(inner.cancelled());
}

TEST_P(CancelScopeTest, AnExplicitCheckThrowsWhatAWaitWould) {
    EXPECT_NO_THROW(check_cancelled());
    CancelScope scope;
    EXPECT_FALSE(scope.run([&] {
        check_cancelled();
        scope.cancel();
        check_cancelled();
    }));
    EXPECT_FALSE(move_on_after(now() - 1ms, [] { check_cancelled(); }));
}

// CONFORMANCE 288
TEST_P(CancelScopeTest, BehindAShieldACancellationIsKnownAndStrikesAfterwards) {
    CancelScope scope;
    std::string steps;
    EXPECT_FALSE(scope.run([&] {
        {
            const Shield shield;
            EXPECT_FALSE(cancel_requested());
            scope.cancel();
            sleep_for(1ms);
            check_cancelled();
            EXPECT_TRUE(cancel_requested());
            steps += "whole ";
        }
        yield();
        steps += "never";
    }));
    EXPECT_EQ(steps, "whole ");
}

TEST_P(CancelScopeTest, AScopeIsCancelledInTheDestructorsThatItsCancellationRuns) {
    // Clean-up opens a scope of its own, which somebody kills in turn: neither gets lost, and nothing terminates.
    CancelScope outer;
    CancelScope inner;
    bool inner_cut = false;
    struct CleansUp {
        CancelScope& scope;
        bool& cut;
        ~CleansUp() {
            cut = !scope.run([] { sleep_for(1h); });
        }
    };
    auto canceller = spawn([&] {
        outer.cancel();
        yield();
        inner.cancel();
    });
    EXPECT_FALSE(outer.run([&] {
        const CleansUp clean{inner, inner_cut};
        sleep_for(1h);
    }));
    EXPECT_TRUE(inner_cut);
}

TEST_P(CancelScopeTest, AKillDuringCleanUpInANestedScopeStrikesAfterIt) {
    std::string steps;
    bool cleaning = false;
    bool killed = false;
    struct CleansUp {
        std::string& text;
        bool& begun;
        const bool& may_end;
        ~CleansUp() {
            begun = true;
            const bool whole = move_on_after(1h, [this] {
                while (!may_end) {
                    sleep_for(1ms);
                }
            });
            text += whole ? "cleaned " : "cut short ";
        }
    };
    auto fiber = spawn([&] {
        static_cast<void>(move_on_after(1ms, [&] {
            const CleansUp clean{steps, cleaning, killed};
            sleep_for(1h);
        }));
        steps += "left ";
        yield();
        steps += "never";
    });
    while (!cleaning) {
        sleep_for(1ms);
    }
    fiber.kill();
    killed = true;
    EXPECT_THROW(fiber.get(), FiberExit);
    EXPECT_EQ(steps, "cleaned left ");
}

TEST_P(CancelScopeTest, TwoBlocksAtATimeStopTheProgram) {
    CancelScope scope;
    EXPECT_DEATH(scope.run([&] { scope.run([] {}); }),
                 "a scope is entered that a block is running in already");
}

TEST(CancelScopeThread, OnAThreadWithoutAHubThereIsNothingToCheck) {
    EXPECT_NO_THROW(check_cancelled());
    EXPECT_FALSE(cancel_requested());
    EXPECT_TRUE(current_effective_deadline().is_never());
}

}  // namespace
}  // namespace weft
