// Spawning: order, arguments, results, names, where it fails.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

WEFT_HUB_SUITE(Spawn);

// CONFORMANCE 1
TEST_P(Spawn, TheBodyDoesNotRunBeforeTheSpawnerWaits) {
    bool ran = false;
    auto fiber = spawn([&] { ran = true; });
    EXPECT_TRUE(fiber.valid());
    EXPECT_FALSE(fiber.ready());
    EXPECT_FALSE(ran);
    fiber.join();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(fiber.ready());
}

TEST_P(Spawn, FibersStartInTheOrderInWhichTheyAreSpawned) {
    std::vector<int> order;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 100; ++i) {
        fibers.push_back(spawn([&order, i] { order.push_back(i); }));
    }
    fibers.back().join();
    ASSERT_EQ(order.size(), 100U);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
    }
}

int add(int a, int b) { return a + b; }

struct Counter {
    int value = 0;
    int increase(int by) { return value += by; }
};

// CONFORMANCE 2
TEST_P(Spawn, WhatTheFunctionReturnsIsGotAnyNumberOfTimes) {
    auto sum = spawn(&add, 20, 22);
    EXPECT_EQ(sum.get(), 42);
    EXPECT_EQ(sum.get(), 42);
    EXPECT_TRUE(sum.ready());
    EXPECT_EQ(sum.exception(), nullptr);
}

TEST_P(Spawn, CallsMembersOfObjects) {
    Counter counter{.value = 1};
    EXPECT_EQ(spawn(&Counter::increase, &counter, 2).get(), 3);
    EXPECT_EQ(spawn(&Counter::increase, std::ref(counter), 2).get(), 5);
    EXPECT_EQ(counter.value, 5);
}

TEST_P(Spawn, ArgumentsAreDecayedCopies) {
    std::string text = "before";
    const char array[] = "literal";
    auto fiber =
        spawn([](const std::string& copied, const char* pointer) { return copied + pointer; }, text, array);
    text = "after";
    EXPECT_EQ(fiber.get(), "beforeliteral");
}

TEST_P(Spawn, ReferencesArePassedByStdRef) {
    int value = 0;
    spawn([](int& target) { target = 7; }, std::ref(value)).join();
    EXPECT_EQ(value, 7);
}

TEST_P(Spawn, ArgumentsAndResultsMayBeMoveOnly) {
    auto fiber = spawn([](std::unique_ptr<int> owned) { return std::make_unique<int>(*owned + 1); },
                       std::make_unique<int>(1));
    EXPECT_EQ(*fiber.get(), 2) << "a reference while the handle keeps it";
    const std::unique_ptr<int> result = std::move(fiber).get();
    EXPECT_EQ(*result, 2);
}

TEST_P(Spawn, FunctionsMayReturnReferences) {
    int value = 1;
    auto fiber = spawn([&]() -> int& { return value; });
    fiber.get() = 2;
    EXPECT_EQ(value, 2);
    EXPECT_EQ(&std::move(fiber).get(), &value);
}

TEST_P(Spawn, ResultsNeedNoDefaultConstructor) {
    struct Point {
        explicit Point(int x) : at(x) {}
        int at;
    };
    EXPECT_EQ(spawn([] { return Point(3); }).get().at, 3);
}

struct Tracked {
    explicit Tracked(int& count) : live(&count) { ++*live; }
    Tracked(const Tracked& other) : live(other.live) { ++*live; }
    Tracked(Tracked&& other) noexcept : live(other.live) { ++*live; }
    Tracked& operator=(const Tracked&) = delete;
    ~Tracked() { --*live; }
    int* live;
};

TEST_P(Spawn, FunctionAndArgumentsEndWithTheCallAndTheResultWithTheHandle) {
    int arguments = 0;
    int results = 0;
    {
        auto fiber =
            spawn([&results, captured = Tracked(arguments)](const Tracked&) { return Tracked(results); },
                  Tracked(arguments));
        EXPECT_EQ(arguments, 2);
        fiber.join();
        EXPECT_EQ(arguments, 0);
        EXPECT_EQ(results, 1);
    }
    EXPECT_EQ(results, 0);
}

TEST_P(Spawn, AnArgumentWhoseCopyThrowsLeavesNoFiberBehind) {
    struct Refuses {
        Refuses() = default;
        Refuses(const Refuses&) { throw std::runtime_error("no copy"); }
    };
    const Refuses refuses;
    EXPECT_THROW(static_cast<void>(spawn([](const Refuses&) {}, refuses)), std::runtime_error);
    EXPECT_EQ(impl::Hub::current()->live_fibers, 0U);
}

TEST_P(Spawn, LargeAndOveralignedCapturesAreCarried) {
    struct alignas(256) Large {
        unsigned char bytes[60000] = {};
    };
    Large large;
    large.bytes[59999] = 9;
    // The usable stack is what was asked for, the capture comes on top.
    auto fiber = spawn(SpawnOptions{.stack_size = 16 * 1024}, [large] {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&large) % 256, 0U);
        return static_cast<int>(large.bytes[59999]);
    });
    EXPECT_EQ(fiber.get(), 9);
}

TEST_P(Spawn, NamesAndIdsAreKept) {
    auto fiber = spawn(SpawnOptions{.name = "worker"}, [] { return this_fiber().id(); });
    EXPECT_EQ(fiber.name(), "worker");
    const FiberRef ref = fiber.ref();
    EXPECT_EQ(ref.name(), "worker");
    EXPECT_EQ(fiber.get(), fiber.id());
    EXPECT_EQ(ref.id(), fiber.id());
    auto other = spawn([] {});
    EXPECT_NE(other.id(), fiber.id());
    EXPECT_NE(other.id(), this_fiber().id());
    EXPECT_EQ(other.name(), "");
    EXPECT_EQ(this_fiber().name(), "main");
}

TEST_P(Spawn, AFiberCanSpawnAndOutliveItsSpawner) {
    std::string order;
    Fiber<> child;
    spawn([&] {
        child = spawn([&] {
            yield();
            order += "child";
        });
        order += "parent ";
    }).join();
    child.join();
    EXPECT_EQ(order, "parent child");
}

TEST_P(Spawn, NoRoomForAStackIsASystemErrorAndTheProgramGoesOn) {
    constexpr std::size_t far_too_large = std::size_t{1} << 46;
    try {
        static_cast<void>(spawn(SpawnOptions{.stack_size = far_too_large}, [] {}));
        FAIL() << "there cannot be room for it";
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find("stack"), std::string::npos) << error.what();
    }
    EXPECT_EQ(spawn([] { return 1; }).get(), 1);
}

TEST_P(Spawn, RefusedMappingsAreASystemErrorAndTheProgramGoesOn) {
    {
        const impl::SysOverride refuse(
            &impl::Sys::mmap, +[](void*, std::size_t, int, int, int, off_t) -> void* {
                errno = ENOMEM;
                return MAP_FAILED;
            });
        std::vector<Fiber<>> fibers;
        // A size that no other test uses: the hub has no warm stacks of it.
        const SpawnOptions unusual{.stack_size = 3 * 1024 * 1024};
        const auto spawn_many = [&] {
            for (int i = 0; i < 10000; ++i) {
                fibers.push_back(spawn(unusual, [] {}));
            }
        };
        EXPECT_THROW(spawn_many(), std::system_error);
    }
    EXPECT_EQ(spawn(SpawnOptions{.stack_size = 3 * 1024 * 1024}, [] { return 1; }).get(), 1);
}

template <class... Args>
concept Spawnable = requires(Args... args) {
    spawn(args...);
};

// CONFORMANCE 4
TEST_P(Spawn, WhatCannotBeCalledIsRefusedByTheCompiler) {
    struct Nothing {};
    static_assert(Spawnable<void (*)()>);
    static_assert(!Spawnable<Nothing>);
    static_assert(!Spawnable<void (*)(int), const char*>);
    static_assert(!Spawnable<SpawnOptions, void (*)(int)>);
}

// CONFORMANCE 7
TEST_P(Spawn, AFiberIsAliveWhileItRuns) {
    FiberRef self;
    bool alive_at_start = false;
    bool ready_at_start = true;
    Fiber<> fiber;
    fiber = spawn([&] {
        self = this_fiber();
        alive_at_start = self.alive();
        ready_at_start = fiber.ready();
    });
    fiber.join();
    EXPECT_TRUE(alive_at_start);
    EXPECT_FALSE(ready_at_start);
    EXPECT_FALSE(self.alive());
}

TEST_P(Spawn, AReferenceOutlivesItsFiberAndThenDoesNothing) {
    FiberRef ref;
    {
        auto fiber = spawn(SpawnOptions{.name = "short"}, [] {});
        ref = fiber.ref();
        EXPECT_TRUE(ref.alive());
        fiber.join();
        EXPECT_FALSE(ref.alive());
        EXPECT_FALSE(fiber.ref().alive());
    }
    EXPECT_FALSE(ref.alive());
    EXPECT_EQ(ref.name(), "short");
    EXPECT_NE(ref.id(), 0U);
    ref.cancel();
    ref.kill();
    const FiberRef copy = ref;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(copy.id(), ref.id());
    EXPECT_EQ(FiberRef().id(), 0U);
    EXPECT_FALSE(FiberRef().alive());
    FiberRef().kill();
}

TEST(SpawnThread, AReferenceToTheMainFiberOutlivesItsHub) {
    FiberRef ref;
    std::thread([&] {
        run([&] { ref = this_fiber(); });
        EXPECT_FALSE(ref.alive());
        ref.cancel();
    }).join();
    EXPECT_FALSE(ref.alive());
}

}  // namespace
}  // namespace weft
