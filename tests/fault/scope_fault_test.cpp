// Scopes and task groups when the program's own clean-up misbehaves.
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/cancel_scope.hpp>
#include <weft/scope/task_group.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(ScopeFault);

/// Throws while it cleans up, and handles that itself, with waits before, between and after.
struct FailsInside {
    std::string& steps;
    ~FailsInside() {
        sleep_for(1ms);
        try {
            try {
                sleep_for(1ms);
                throw std::runtime_error("in a destructor");
            } catch (const std::runtime_error&) {
                sleep_for(1ms);
                steps += "handled ";
                throw;
            }
        } catch (const std::exception&) {
            steps += std::to_string(std::uncaught_exceptions()) + " in flight ";
        }
        sleep_for(1ms);
    }
};

TEST_P(ScopeFault, ADestructorThatThrowsInsideWhileItsScopeUnwindsIsNotDisturbed) {
    std::string steps;
    CancelScope scope;
    auto canceller = spawn([&] { scope.cancel(); });
    EXPECT_FALSE(scope.run([&] {
        const FailsInside outer{steps};
        const FailsInside inner{steps};
        sleep_for(1h);
    }));
    EXPECT_EQ(steps, "handled 1 in flight handled 1 in flight ");
    EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_P(ScopeFault, ADestructorOfAMemberThatThrowsInsideDoesNotFailItsGroup) {
    std::string steps;
    try {
        task_group([&](TaskGroup& group) {
            group.spawn([&] {
                const FailsInside inside{steps};
                sleep_for(1h);
            });
            yield();
            throw std::logic_error("the block");
        });
        ADD_FAILURE();
    } catch (const ExceptionGroup& failures) {
        EXPECT_EQ(failures.exceptions().size(), 1U);
    }
    EXPECT_EQ(steps, "handled 1 in flight ");
}

TEST_P(ScopeFault, AnErrorOutOfADestructorAtTheOrdinaryEndPassesThroughACancelledScope) {
    struct Throws {
        ~Throws() noexcept(false) { throw std::logic_error("not closed"); }
    };
    CancelScope scope;
    EXPECT_THROW(scope.run([&] {
        const Throws throws;
        scope.cancel();
    }),
                 std::logic_error);
    EXPECT_FALSE(scope.cut_short());
    EXPECT_NO_THROW(yield());
}

TEST_P(ScopeFault, ADestructorThatWaitsWithoutAShieldAtTheOrdinaryEndStopsTheProgramWithTheRemedy) {
    struct Waits {
        ~Waits() { yield(); }
    };
    EXPECT_DEATH(
        {
            CancelScope scope;
            scope.run([&] {
                const Waits waits;
                scope.cancel();
            });
        },
        "needs a weft::Shield");
}

TEST_P(ScopeFault, TheBlockFailsWhileMembersFailAndTheirCleanUpIsKilled) {
    // Everything at once: a member is killed in the clean-up that the block's failure has set off.
    FiberRef member;
    bool cleaned = false;
    struct CleansUp {
        bool& done;
        ~CleansUp() {
            sleep_for(2ms);
            done = true;
        }
    };
    try {
        task_group([&](TaskGroup& group) {
            group.spawn([&] {
                member = this_fiber();
                const CleansUp clean{cleaned};
                sleep_for(1h);
            });
            group.spawn([&] {
                try {
                    sleep_for(1h);
                } catch (const Cancelled&) {
                    member.kill();
                    throw std::runtime_error("member");
                }
            });
            yield();
            throw std::logic_error("block");
        });
        ADD_FAILURE();
    } catch (const ExceptionGroup& failures) {
        EXPECT_EQ(failures.split<std::logic_error>().matched.size(), 1U);
        EXPECT_EQ(failures.split<std::runtime_error>().matched.size(), 1U);
        EXPECT_EQ(failures.exceptions().size(), 2U) << "a member that was killed has not failed";
    }
    EXPECT_TRUE(cleaned);
}

}  // namespace
}  // namespace weft
