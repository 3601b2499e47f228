// Fiber-local values: each fiber its own, for as long as it lives.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/fiber_local.hpp>
#include <weft/core/run.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Locals);

// CONFORMANCE 263, 264
TEST_P(Locals, EachFiberSeesItsOwnValueFromItsInitialiser) {
    int made = 0;
    FiberLocal<int> local([&] { return 100 + made++; });
    *local = 7;
    EXPECT_EQ(made, 1);
    const auto body = [&](int expected) {
        return [&local, expected] {
            EXPECT_FALSE(local.has_value());
            EXPECT_EQ(*local, expected);
            *local += 10;
            yield();
            EXPECT_EQ(*local, expected + 10);
        };
    };
    auto a = spawn(body(101));
    auto b = spawn(body(102));
    a.join();
    b.join();
    EXPECT_EQ(*local, 7);
}

TEST_P(Locals, ValuesEndWithTheirFiberYoungestFirst) {
    struct Note {
        std::string* text = nullptr;
        char name = '-';
        ~Note() {
            if (text != nullptr) {
                *text += name;
            }
        }
    };
    std::string order;
    FiberLocal<Note> first;
    FiberLocal<Note> second;
    auto fiber = spawn([&] {
        first->text = &order;
        first->name = 'a';
        second->text = &order;
        second->name = 'b';
        yield();
        EXPECT_EQ(order, "");
    });
    fiber.join();
    EXPECT_EQ(order, "ba") << "before the joiner goes on";
}

TEST_P(Locals, TheirDestructorsMayWaitAndUseLocals) {
    static FiberLocal<std::unique_ptr<int>> other;
    static bool ended;
    ended = false;
    struct Waits {
        bool armed = false;
        ~Waits() {
            if (armed) {
                sleep_for(1ms);
                *other = std::make_unique<int>(1);
                ended = true;
            }
        }
    };
    static FiberLocal<Waits> waits;
    auto fiber = spawn([] { waits->armed = true; });
    fiber.join();
    EXPECT_TRUE(ended);
    auto cancelled = spawn([] {
        waits->armed = true;
        sleep_for(1h);
    });
    yield();
    ended = false;
    cancelled.cancel();
    cancelled.join();
    EXPECT_TRUE(ended) << "cancellation does not cut it short";
}

TEST_P(Locals, TheirDestructorsSeeTheOlderValues) {
    static FiberLocal<int> older;
    static int seen;
    seen = 0;
    struct Looks {
        ~Looks() { seen = older.has_value() ? *older : -1; }
    };
    FiberLocal<Looks> younger;
    spawn([&] {
        *older = 7;
        *younger;
    }).join();
    EXPECT_EQ(seen, 7);
}

TEST_P(Locals, MainsValuesAreTheThreadsOwn) {
    static FiberLocal<int> local([] { return 1; });
    *local = 2;
    std::thread([] {
        EXPECT_EQ(*local, 1);
        *local = 3;
        run([] {
            EXPECT_EQ(*local, 3) << "a thread that gets a hub keeps its values";
            spawn([] { EXPECT_EQ(*local, 1); }).join();
        });
        EXPECT_EQ(*local, 3);
    }).join();
    EXPECT_EQ(*local, 2);
}

TEST_P(Locals, AnInitialiserMayWaitOrThrow) {
    FiberLocal<int> slow([] {
        sleep_for(1ms);
        return 4;
    });
    EXPECT_EQ(spawn([&] { return *slow; }).get(), 4);
    int calls = 0;
    FiberLocal<int> refuses([&]() -> int {
        if (++calls == 1) {
            throw std::runtime_error("not yet");
        }
        return 5;
    });
    spawn([&] {
        EXPECT_THROW(*refuses, std::runtime_error);
        EXPECT_FALSE(refuses.has_value());
        EXPECT_EQ(*refuses, 5);
    }).get();
}

}  // namespace
}  // namespace weft
