// Raw fibers: how they end when nobody refers to them, tracing, and what is built on them.
#include <weft/core/raw_fiber.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
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

class RawFiberEnd : public ::testing::Test {
protected:
    RawFiberEnd() { impl::Hub::ensure(); }
    ~RawFiberEnd() override { EXPECT_TRUE(impl::Hub::end_current(5s)); }
};

struct Note {
    std::string& text;
    const char* what;
    ~Note() { text += what; }
};

void* leave() { return RawFiber::switch_to_parent(); }

/// Suspended in its body, with a note on its stack.
RawFiber suspended(std::string& text) {
    RawFiber fiber([&text](void*) -> void* {
        const Note note{text, "unwound "};
        return leave();
    });
    fiber.switch_to();
    return fiber;
}

// CONFORMANCE 57
TEST_F(RawFiberEnd, TheLastReferenceUnwindsASuspendedOneBeforeItIsGone) {
    std::string text;
    {
        RawFiber first = suspended(text);
        const RawFiber second = first;  // NOLINT(performance-unnecessary-copy-initialization)
        first = RawFiber();
        EXPECT_EQ(text, "");
    }
    EXPECT_EQ(text, "unwound ");
}

TEST_F(RawFiberEnd, WithTheLastReferenceAWholeChainOfThemEnds) {
    std::string text;
    {
        const RawFiber outer([&](void*) -> void* {
            const Note note{text, "outer "};
            const RawFiber inner = suspended(text);
            return leave();
        });
        outer.switch_to();
    }
    EXPECT_EQ(text, "unwound outer ");
}

// CONFORMANCE 58
TEST_F(RawFiberEnd, OneThatIsDroppedByAnotherThreadIsUnwoundLaterByItsOwn) {
    std::string text;
    RawFiber fiber = suspended(text);
    std::thread([dropped = std::move(fiber)]() mutable { dropped = RawFiber(); }).join();
    EXPECT_EQ(text, "");
    static_cast<void>(RawFiber::current());
    EXPECT_EQ(text, "unwound ");

    RawFiber left;
    std::thread([&] { left = suspended(text); }).join();
    EXPECT_EQ(text, "unwound unwound ") << "with its thread";
    EXPECT_TRUE(left.dead());
}

// CONFORMANCE 59
TEST_F(RawFiberEnd, AnErrorOutOfTheUnwindingIsReportedAndGoesNoFurther) {
    const test::StderrCapture capture;
    {
        const RawFiber fiber([](void*) -> void* {
            try {
                return leave();
            } catch (const FiberExit&) {
                throw std::runtime_error("something else");
            }
        });
        fiber.switch_to();
    }
    EXPECT_EQ(
        capture.count("has a raw fiber that threw while it was ended: std::runtime_error: something else"),
        1U)
        << capture.str();
}

TEST_F(RawFiberEnd, OneThatGoesOnAfterFiberExitStopsTheProgram) {
    const auto body = [] {
        const RawFiber fiber([](void*) -> void* {
            for (;;) {
                try {
                    leave();
                } catch (const FiberExit&) {
                }
            }
        });
        fiber.switch_to();
    };
    EXPECT_DEATH(body(), "a raw fiber goes on after FiberExit");
}

TEST_F(RawFiberEnd, WhatAWeftFiberLeavesSuspendedEndsWithIt) {
    std::string text;
    RawFiber outlives;
    spawn([&] {
        outlives = suspended(text);
        // Refers to itself, so nobody else ever ends it.
        RawFiber self;
        self = RawFiber([&text](void*) -> void* {
            const RawFiber kept = RawFiber::current();
            const Note note{text, "self "};
            return leave();
        });
        self.switch_to();
    }).join();
    EXPECT_EQ(text, "self unwound ");
    EXPECT_TRUE(outlives.dead());
}

// CONFORMANCE 60
TEST(RawFiberProcess, SuspendedOnesAtTheEndOfThreadsAndProgramsDoNoHarm) {
    std::string text;
    std::thread([&] {
        static thread_local RawFiber kept;
        kept = suspended(text);
    }).join();
    EXPECT_EQ(text, "unwound ");
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static RawFiber kept;
            static std::string notes;
            kept = suspended(notes);
            std::exit(3);
        },
        ::testing::ExitedWithCode(3), "");
}

// CONFORMANCE 61
TEST_F(RawFiberEnd, ATracerIsToldOfEachSwitchInOrder) {
    const RawFiber root = RawFiber::current();
    RawFiber fiber([](void*) -> void* {
        try {
            leave();
        } catch (const std::runtime_error&) {
        }
        return nullptr;
    });
    std::string seen;
    const auto name = [&](const RawFiber& of) { return of == root ? 'r' : of == fiber ? 'f' : '?'; };
    SwitchTracer before = set_switch_tracer([&](RawSwitch kind, const RawFiber& from, const RawFiber& to) {
        EXPECT_EQ(to, RawFiber::current());
        seen += {name(from), kind == RawSwitch::exception ? '!' : '-', name(to), ' '};
    });
    EXPECT_EQ(before, nullptr);
    fiber.switch_to();
    fiber.throw_into(std::make_exception_ptr(std::runtime_error("into")));
    before = set_switch_tracer(nullptr);
    EXPECT_NE(before, nullptr);
    EXPECT_EQ(seen, "r-f f-r r!f f-r ");
    RawFiber([](void* value) { return value; }).switch_to();
    EXPECT_EQ(seen, "r-f f-r r!f f-r ");
}

// CONFORMANCE 62
TEST_F(RawFiberEnd, ATracerThatThrowsIsReportedAndRemoved) {
    const test::StderrCapture capture;
    int calls = 0;
    set_switch_tracer([&](RawSwitch, const RawFiber&, const RawFiber&) {
        ++calls;
        throw std::runtime_error("a bad tracer");
    });
    int value = 5;
    EXPECT_EQ(RawFiber([](void* given) { return given; }).switch_to(&value), &value);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(capture.count("a bad tracer"), 1U);
    EXPECT_EQ(set_switch_tracer(nullptr), nullptr);
}

/// Gives one int after another.
class Numbers {
public:
    using Give = std::function<void(int)>;
    explicit Numbers(std::function<void(const Give&)> body)
        : fiber_([body = std::move(body)](void*) -> void* {
              body([](int number) { RawFiber::switch_to_parent(&number); });
              return nullptr;
          }) {}
    /// Null at the end.
    const int* next() {
        fiber_.set_parent(RawFiber::current());
        return static_cast<int*>(fiber_.switch_to());
    }

private:
    RawFiber fiber_;
};

// CONFORMANCE 63
TEST_F(RawFiberEnd, GeneratorsWithinGeneratorsGiveTheirValuesInOrderUntilTheConsumerStops) {
    std::string text;
    const std::function<void(int, int, const Numbers::Give&)> count = [&](int level, int base,
                                                                          const Numbers::Give& give) {
        const Note note{text, "end "};
        for (int i = 1; i <= 3; ++i) {
            if (level == 0) {
                give(base * 10 + i);
                continue;
            }
            Numbers inner([&](const Numbers::Give& own) { count(level - 1, base * 10 + i, own); });
            while (const int* number = inner.next()) {
                give(*number);
            }
        }
    };
    std::vector<int> seen;
    {
        Numbers all([&](const Numbers::Give& give) { count(2, 0, give); });
        while (const int* number = all.next()) {
            seen.push_back(*number);
            if (seen.size() == 14) {
                break;
            }
        }
    }
    EXPECT_EQ(seen, (std::vector{111, 112, 113, 121, 122, 123, 131, 132, 133, 211, 212, 213, 221, 222}));
    std::size_t ended = 0;
    for (const char c : text) {
        ended += c == 'e' ? 1 : 0;
    }
    EXPECT_EQ(ended, 8U) << "4 innermost and 1 middle one by themselves, the 3 others early: " << text;
}

TEST_F(RawFiberEnd, AHundredThousandOneAfterAnotherUseNoMoreThanOne) {
    auto counted = std::make_shared<int>(0);
    std::set<const void*> stacks;
    for (int i = 0; i < 100'000; ++i) {
        const RawFiber fiber([counted, &stacks](void* value) {
            const char local = 0;
            stacks.insert(static_cast<const void*>(&local));
            return value;
        });
        fiber.switch_to();
    }
    EXPECT_EQ(counted.use_count(), 1);
    EXPECT_LE(stacks.size(), 64U);
}

// CONFORMANCE 65
TEST_F(RawFiberEnd, SwitchesWhileOneStartsOrEndsAreOrdinaryOnes) {
    std::string order;
    const RawFiber other([&](void*) -> void* {
        for (;;) {
            order += 'o';
            leave();
        }
    });
    struct SwitchesAtTheEnd {
        explicit SwitchesAtTheEnd(const RawFiber& there, std::string& text) : to(&there), order(&text) {}
        SwitchesAtTheEnd(const SwitchesAtTheEnd& from) = default;
        SwitchesAtTheEnd& operator=(const SwitchesAtTheEnd&) = delete;
        ~SwitchesAtTheEnd() {
            if (to->active()) {
                *order += 'e';
                to->set_parent(RawFiber::current());
                to->switch_to();
            }
        }
        const RawFiber* to;
        std::string* order;
    };
    other.switch_to();
    {
        const RawFiber fiber([&order, last = SwitchesAtTheEnd(other, order)](void*) -> void* {
            order += 'b';
            return nullptr;
        });
        order.clear();
        EXPECT_EQ(RawFiber::current().switch_to(&order), &order) << "to oneself: no switch";
        fiber.switch_to();
        EXPECT_EQ(order, "beo") << "the body's captures end in it, and may switch";
        EXPECT_TRUE(fiber.dead());
    }
    other.set_parent(RawFiber::current());
}

}  // namespace
}  // namespace weft
