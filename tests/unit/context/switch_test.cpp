// What a switch keeps: the stack, errno, the exceptions in flight.
#include "context/switch.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "unit/context/fiber_fixture.hpp"

namespace weft::impl {
namespace {

TEST(Switch, RunsTheEntryWithItsArgumentAndComesBack) {
    Thread thread;
    int steps = 0;
    Routine routine(thread, [&](Routine& self) {
        ++steps;
        self.pause();
        ++steps;
    });
    routine.resume();
    EXPECT_EQ(steps, 1);
    EXPECT_FALSE(routine.done());
    routine.resume();
    EXPECT_EQ(steps, 2);
    EXPECT_TRUE(routine.done());
}

TEST(Switch, GoesStraightFromRoutineToRoutine) {
    Thread thread;
    std::string order;
    Routine second(thread, [&](Routine& self) {
        order += 'b';
        self.pause();
    });
    Routine first(thread, [&](Routine& self) {
        order += 'a';
        self.pass_to(second);
        order += 'c';
    });
    first.resume();
    EXPECT_EQ(order, "ab");
    first.resume();
    EXPECT_EQ(order, "abc");
}

TEST(Switch, KeepsErrnoOfEachSide) {
    Thread thread;
    int seen_first = -1;
    int seen_after = -1;
    Routine routine(thread, [&](Routine& self) {
        errno = EAGAIN;
        self.pause();
        seen_after = errno;
        errno = 0;
        self.pause();
        seen_first = errno;
    });
    errno = EPERM;
    routine.resume();
    EXPECT_EQ(errno, EPERM);
    errno = ENOENT;
    routine.resume();
    EXPECT_EQ(seen_after, EAGAIN);
    EXPECT_EQ(errno, ENOENT);
    routine.resume();
    EXPECT_EQ(seen_first, 0) << "a zero is kept too";
    EXPECT_EQ(errno, ENOENT);
}

/// The text of the exception that this side is handling, found as user code would: by throwing it again.
std::string current_text() {
    if (!std::current_exception()) {
        return "none";
    }
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    }
}

// CONFORMANCE 54
TEST(Switch, EachCatchBlockKeepsItsCurrentExceptionWhileOthersRun) {
    Thread thread;
    std::string seen[2];
    const auto body = [&](int number) {
        return [&seen, number](Routine& self) {
            try {
                throw std::runtime_error("fiber " + std::to_string(number));
            } catch (const std::exception&) {
                self.pause();
                seen[number] = current_text();
                self.pause();
                seen[number] += ", " + current_text();
            }
            seen[number] += ", " + current_text();
            self.pause();
        };
    };
    Routine first(thread, body(0));
    Routine second(thread, body(1));
    // Leaving the catch blocks in the order in which they were entered, not in the reverse one, is what a
    // record per OS thread gets wrong.
    for (int round = 0; round < 3; ++round) {
        first.resume();
        EXPECT_EQ(current_text(), "none");
        second.resume();
        EXPECT_EQ(current_text(), "none");
    }
    EXPECT_EQ(seen[0], "fiber 0, fiber 0, none");
    EXPECT_EQ(seen[1], "fiber 1, fiber 1, none");
    first.resume();
    second.resume();
}

// CONFORMANCE 55
TEST(Switch, ThrowAndCatchAcrossInterleavedSwitchesMeetTheirOwn) {
    Thread thread;
    constexpr int routine_count = 5;
    std::vector<std::string> caught(routine_count);
    std::vector<std::unique_ptr<Routine>> routines;
    for (int number = 0; number < routine_count; ++number) {
        routines.push_back(std::make_unique<Routine>(thread, [&caught, number](Routine& self) {
            for (int round = 0; round < 4; ++round) {
                try {
                    self.pause();
                    throw std::runtime_error(std::to_string(number) + "." + std::to_string(round));
                } catch (const std::runtime_error& error) {
                    self.pause();
                    caught[static_cast<std::size_t>(number)] += std::string(error.what()) + " ";
                }
            }
        }));
    }
    for (bool running = true; running;) {
        running = false;
        for (auto& routine : routines) {
            if (!routine->done()) {
                routine->resume();
                running = true;
            }
        }
    }
    for (int number = 0; number < routine_count; ++number) {
        const std::string n = std::to_string(number);
        EXPECT_EQ(caught[static_cast<std::size_t>(number)], n + ".0 " + n + ".1 " + n + ".2 " + n + ".3 ");
    }
}

TEST(Switch, RethrowAfterASwitchThrowsTheOwnException) {
    Thread thread;
    std::string outer;
    Routine thrower(thread, [&](Routine& self) {
        try {
            try {
                throw std::logic_error("mine");
            } catch (...) {
                self.pause();
                throw;
            }
        } catch (const std::logic_error& error) {
            outer = error.what();
        }
    });
    Routine other(thread, [&](Routine& self) {
        try {
            throw std::runtime_error("other");
        } catch (...) {
            self.pause();
        }
    });
    thrower.resume();
    other.resume();
    thrower.resume();
    EXPECT_EQ(outer, "mine");
    other.resume();
}

TEST(Switch, NestedHandlersSurviveASwitchInTheInnerOne) {
    Thread thread;
    std::string order;
    Routine routine(thread, [&](Routine& self) {
        try {
            throw std::runtime_error("outer");
        } catch (...) {
            try {
                throw std::runtime_error("inner");
            } catch (...) {
                self.pause();
                order += current_text() + " ";
            }
            self.pause();
            order += current_text();
        }
    });
    while (!routine.done()) {
        routine.resume();
        try {
            throw 1;
        } catch (int) {
        }
    }
    EXPECT_EQ(order, "inner outer");
}

struct PausesInDestructor {
    Routine& self;
    std::vector<int>& seen;
    ~PausesInDestructor() {
        seen.push_back(std::uncaught_exceptions());
        self.pause();
        seen.push_back(std::uncaught_exceptions());
    }
};

TEST(Switch, UncaughtExceptionsCountsOnlyTheOwnSideDuringUnwinding) {
    Thread thread;
    std::vector<int> seen;
    Routine routine(thread, [&](Routine& self) {
        try {
            const PausesInDestructor waits{self, seen};
            throw std::runtime_error("unwinding");
        } catch (const std::runtime_error&) {
            seen.push_back(std::uncaught_exceptions());
        }
    });
    routine.resume();
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    routine.resume();
    EXPECT_EQ(seen, (std::vector<int>{1, 1, 0}));
}

TEST(Switch, AFreshRoutineStartedFromACatchBlockSeesNoException) {
    Thread thread;
    bool clean = false;
    try {
        throw std::runtime_error("of the starter");
    } catch (const std::exception&) {
        Routine routine(
            thread, [&](Routine&) { clean = !std::current_exception() && std::uncaught_exceptions() == 0; });
        routine.resume();
        EXPECT_EQ(current_text(), "of the starter");
    }
    EXPECT_TRUE(clean);
}

TEST(Switch, SubnormalNumbersWorkOnAFreshStackAndAfterSwitches) {
    Thread thread;
    const auto halved_subnormal = [] {
        volatile double smallest = std::numeric_limits<double>::min();
        return smallest / 2;
    };
    double on_fiber = 0;
    Routine routine(thread, [&](Routine& self) {
        self.pause();
        on_fiber = halved_subnormal();
    });
    routine.resume();
    routine.resume();
    EXPECT_EQ(std::fpclassify(on_fiber), FP_SUBNORMAL);
    EXPECT_EQ(std::fpclassify(halved_subnormal()), FP_SUBNORMAL);
}

}  // namespace
}  // namespace weft::impl
