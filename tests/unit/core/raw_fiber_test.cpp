// Raw fibers: switches, parents, errors, ends.
#include <weft/core/raw_fiber.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include "core/hub.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

/// The test's thread has a hub, and its main fiber is the root.
class RawFiberTest : public ::testing::Test {
protected:
    RawFiberTest() { impl::Hub::ensure(); }
    ~RawFiberTest() override { EXPECT_TRUE(impl::Hub::end_current(5s)); }
};

int number(void* value) { return value != nullptr ? *static_cast<int*>(value) : -1; }
std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

/// Adds to a text when it ends.
struct Note {
    std::string& text;
    const char* what;
    ~Note() { text += what; }
};

// CONFORMANCE 43
TEST_F(RawFiberTest, TheFirstValueIsTheBodysArgumentLaterOnesAreReturnedByItsSwitches) {
    int one = 1;
    int two = 2;
    int ten = 10;
    std::vector<int> seen;
    const RawFiber fiber([&](void* value) {
        seen.push_back(number(value));
        value = RawFiber::switch_to_parent(&ten);
        seen.push_back(number(value));
        return value;
    });
    EXPECT_FALSE(fiber.started());
    EXPECT_EQ(fiber.switch_to(&one), &ten);
    EXPECT_TRUE(fiber.started());
    EXPECT_TRUE(fiber.active());
    EXPECT_EQ(fiber.switch_to(&two), &two);
    EXPECT_TRUE(fiber.dead());
    EXPECT_FALSE(fiber.active());
    EXPECT_EQ(seen, (std::vector{1, 2}));
}

// CONFORMANCE 44
TEST_F(RawFiberTest, WhatABodyReturnsItsParentsSwitchReturns) {
    int result = 7;
    void* seen_by_middle = nullptr;
    const RawFiber outer([&](void*) -> void* {
        const RawFiber inner([&](void*) -> void* { return &result; });
        seen_by_middle = inner.switch_to();
        return nullptr;
    });
    EXPECT_EQ(outer.switch_to(), nullptr);
    EXPECT_EQ(seen_by_middle, &result);
}

// CONFORMANCE 45
TEST_F(RawFiberTest, WhatABodyThrowsItsParentsSwitchThrows) {
    const RawFiber fiber([](void*) -> void* { throw std::runtime_error("out of the body"); });
    EXPECT_THROW(fiber.switch_to(), std::runtime_error);
    EXPECT_TRUE(fiber.dead());
}

// CONFORMANCE 46
TEST_F(RawFiberTest, AnErrorThrownIntoASuspendedOneComesOutOfItsSwitch) {
    std::string seen;
    const RawFiber fiber([&](void*) -> void* {
        try {
            RawFiber::switch_to_parent();
        } catch (const std::runtime_error& thrown) {
            seen = thrown.what();
        }
        return nullptr;
    });
    fiber.switch_to();
    fiber.throw_into(error("into it"));
    EXPECT_EQ(seen, "into it");
}

// CONFORMANCE 47
TEST_F(RawFiberTest, TheExitExceptionEndsItAndIsNoErrorOfItsParents) {
    std::string text;
    const RawFiber fiber([&](void*) -> void* {
        const Note note{text, "unwound"};
        return RawFiber::switch_to_parent();
    });
    fiber.switch_to();
    EXPECT_EQ(fiber.throw_into(), nullptr);
    EXPECT_TRUE(fiber.dead());
    EXPECT_EQ(text, "unwound");
    EXPECT_EQ(fiber.throw_into(), nullptr) << "once more";
}

// CONFORMANCE 48
TEST_F(RawFiberTest, AnErrorThrownIntoAnUnstartedOneReachesItsParentWhoeverThrows) {
    bool ran = false;
    const RawFiber unstarted([&](void*) -> void* {
        ran = true;
        return nullptr;
    });
    const RawFiber third([&](void*) -> void* {
        unstarted.throw_into(error("for main"));
        ran = true;
        return nullptr;
    });
    EXPECT_THROW(third.switch_to(), std::runtime_error);
    EXPECT_FALSE(ran);
    EXPECT_TRUE(unstarted.dead());
    EXPECT_TRUE(third.active());
}

// CONFORMANCE 41
TEST_F(RawFiberTest, ADormantOneThatIsEndedDisturbsNobody) {
    bool ran = false;
    const RawFiber dormant([&](void*) -> void* {
        ran = true;
        return nullptr;
    });
    EXPECT_EQ(dormant.throw_into(), nullptr);
    EXPECT_TRUE(dormant.dead());
    EXPECT_TRUE(dormant.started() && !ran);
    {
        const RawFiber dropped([](void* value) { return value; });
    }
}

// CONFORMANCE 40
TEST_F(RawFiberTest, AFiberThatIsKilledWhileItsCreatorIsInARawFiberLeavesTheCreatorAlone) {
    bool ran = false;
    Fiber<> killed;
    const RawFiber creator([&](void*) -> void* {
        killed = spawn([&] { ran = true; });
        killed.kill();
        RawFiber::switch_to_parent();
        killed.join();
        return nullptr;
    });
    creator.switch_to();
    creator.switch_to();
    EXPECT_TRUE(creator.dead());
    EXPECT_FALSE(ran);
}

// CONFORMANCE 49
TEST_F(RawFiberTest, ASwitchToADeadOneGoesToItsNearestLivingAncestor) {
    int value = 3;
    RawFiber child;
    const RawFiber middle([&](void*) -> void* {
        child = RawFiber([](void*) -> void* { return nullptr; });
        child.switch_to();
        EXPECT_EQ(child.switch_to(&value), &value) << "that is the caller itself";
        return nullptr;
    });
    middle.switch_to();
    EXPECT_TRUE(child.dead() && middle.dead());
    EXPECT_EQ(child.switch_to(&value), &value);
    const RawFiber other([&](void*) -> void* {
        child.switch_to(&value);
        return nullptr;
    });
    EXPECT_EQ(other.switch_to(), &value);
    EXPECT_TRUE(other.active());
    EXPECT_THROW(child.throw_into(error("for the ancestor")), std::runtime_error);
}

// CONFORMANCE 50
TEST_F(RawFiberTest, AParentThatHasNotStartedIsStartedWithItsChildsValue) {
    int value = 4;
    int seen = 0;
    const RawFiber parent([&](void* given) {
        seen = number(given);
        return given;
    });
    const RawFiber child([](void* given) { return given; });
    child.set_parent(parent);
    EXPECT_EQ(child.switch_to(&value), &value);
    EXPECT_EQ(seen, 4);
    EXPECT_TRUE(parent.dead());
}

// CONFORMANCE 51
TEST_F(RawFiberTest, ParentsThatWouldFormACircleAreRefused) {
    const auto idle = [](void*) -> void* { return nullptr; };
    const RawFiber a(idle);
    const RawFiber b(idle);
    const RawFiber c(idle);
    b.set_parent(a);
    c.set_parent(b);
    EXPECT_THROW(a.set_parent(a), std::invalid_argument);
    EXPECT_THROW(a.set_parent(b), std::invalid_argument);
    EXPECT_THROW(a.set_parent(c), std::invalid_argument);
    EXPECT_THROW(RawFiber::current().set_parent(a), std::invalid_argument) << "a root";
    EXPECT_THROW(a.set_parent(RawFiber()), std::invalid_argument);
    EXPECT_EQ(a.parent(), RawFiber::current());
    EXPECT_FALSE(RawFiber::current().parent());
    c.set_parent(a);
    EXPECT_EQ(c.parent(), a);
}

// CONFORMANCE 52
TEST_F(RawFiberTest, AParentOfAnotherFiberOrThreadIsRefused) {
    const RawFiber mine([](void*) -> void* { return nullptr; });
    RawFiber theirs;
    std::thread([&] { theirs = RawFiber([](void*) -> void* { return nullptr; }); }).join();
    EXPECT_THROW(mine.set_parent(theirs), std::invalid_argument);
    spawn([&] {
        EXPECT_THROW(mine.set_parent(RawFiber::current()), std::invalid_argument);
        const RawFiber here([](void*) -> void* { return nullptr; });
        EXPECT_THROW(here.set_parent(mine), std::invalid_argument);
    }).join();
}

// CONFORMANCE 53
TEST_F(RawFiberTest, ASwitchToOneOfAnotherFiberOrThreadIsAnError) {
    const RawFiber mine([](void*) -> void* { return nullptr; });
    RawFiber of_ended_thread;
    RawFiber suspended;
    std::thread([&] {
        EXPECT_THROW(mine.switch_to(), std::logic_error);
        EXPECT_THROW(mine.throw_into(), std::logic_error);
        of_ended_thread = RawFiber([](void*) -> void* { return nullptr; });
        suspended = RawFiber([](void*) { return RawFiber::switch_to_parent(); });
        suspended.switch_to();
    }).join();
    EXPECT_THROW(of_ended_thread.switch_to(), std::logic_error);
    EXPECT_THROW(suspended.switch_to(), std::logic_error);
    EXPECT_TRUE(suspended.dead()) << "its thread has unwound it";
    spawn([&] { EXPECT_THROW(mine.switch_to(), std::logic_error); }).join();
    EXPECT_THROW(RawFiber().switch_to(), std::logic_error);
    EXPECT_THROW(RawFiber::switch_to_parent(), std::logic_error);
    EXPECT_EQ(mine.switch_to(), nullptr);
}

// CONFORMANCE 77
TEST_F(RawFiberTest, ASwitchIntoOneThatWaitsIsAnErrorOfTheCallerAndDoesNotEndTheWait) {
    RawFiber waiting;
    std::string text;
    auto fiber = spawn([&] {
        waiting = RawFiber([&](void*) -> void* {
            sleep_for(1ms);
            text += "slept";
            return nullptr;
        });
        waiting.switch_to();
        text += " and back";
    });
    yield();
    ASSERT_TRUE(waiting.active());
    EXPECT_THROW(waiting.switch_to(), std::logic_error);
    EXPECT_THROW(waiting.throw_into(), std::logic_error);
    spawn([&] { EXPECT_THROW(waiting.switch_to(), std::logic_error); }).join();
    EXPECT_EQ(text, "");
    fiber.join();
    EXPECT_EQ(text, "slept and back");
}

// CONFORMANCE 56
TEST_F(RawFiberTest, WhatIsThrownOutOfTheOutermostBodyReachesTheWeftFiberWhateverItIs) {
    auto fiber = spawn([] {
        const RawFiber outer([](void*) -> void* {
            const RawFiber inner([](void*) -> void* { throw 42; });
            return inner.switch_to();
        });
        outer.switch_to();
    });
    EXPECT_THROW(fiber.get(), int);
}

TEST_F(RawFiberTest, ExceptionsInFlightAreEachRawFibersOwn) {
    const RawFiber other([](void*) -> void* {
        EXPECT_EQ(std::current_exception(), nullptr);
        try {
            throw std::logic_error("inner");
        } catch (const std::logic_error&) {
            RawFiber::switch_to_parent();
            EXPECT_THROW(throw, std::logic_error);
        }
        return nullptr;
    });
    try {
        throw std::runtime_error("outer");
    } catch (const std::runtime_error&) {
        other.switch_to();
        EXPECT_THROW(throw, std::runtime_error);
        other.switch_to();
        EXPECT_THROW(throw, std::runtime_error);
    }
    EXPECT_TRUE(other.dead());
}

TEST_F(RawFiberTest, ThreeSwitchAmongThemselvesWithoutTheirParent) {
    std::string order;
    RawFiber a;
    RawFiber b;
    a = RawFiber([&](void*) -> void* {
        for (int i = 0; i < 3; ++i) {
            order += 'a';
            b.switch_to();
        }
        return nullptr;
    });
    b = RawFiber([&](void*) -> void* {
        for (;;) {
            order += 'b';
            a.switch_to();
        }
    });
    a.switch_to();
    EXPECT_EQ(order, "ababab");
    EXPECT_TRUE(a.dead());
    EXPECT_TRUE(b.active());
}

TEST_F(RawFiberTest, AWaitInARawFiberParksTheWeftFiberAroundIt) {
    std::string order;
    auto other = spawn([&] {
        for (int i = 0; i < 3; ++i) {
            order += 'o';
            yield();
        }
    });
    const RawFiber raw([&](void*) -> void* {
        for (int i = 0; i < 3; ++i) {
            order += 'r';
            yield();
            RawFiber::switch_to_parent();
            sleep_for(10us);
        }
        return nullptr;
    });
    while (!raw.dead()) {
        raw.switch_to();
        order += 'm';
        yield();
    }
    other.join();
    EXPECT_EQ(order.substr(0, 4), "romo");
}

TEST_F(RawFiberTest, CancellationOfTheWeftFiberUnwindsTheRawFiberThatWaits) {
    std::string text;
    auto fiber = spawn([&] {
        const RawFiber raw([&](void*) -> void* {
            const Note note{text, "unwound"};
            sleep_for(1h);
            return nullptr;
        });
        raw.switch_to();
    });
    yield();
    fiber.cancel();
    EXPECT_THROW(fiber.get(), Cancelled);
    EXPECT_EQ(text, "unwound");
}

}  // namespace
}  // namespace weft
