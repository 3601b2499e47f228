// fork() in a program with fibers: the child keeps the calling fiber alone, and that can go on with everything.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <weft/base/error.hpp>
#include <weft/channel/channel.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/scope/scope.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Fork);

/// Whether fibers, timers and locks work in a process.
bool hub_works() {
    int steps = 0;
    auto fiber = spawn([&] {
        sleep_for(1ms);
        ++steps;
        return 5;
    });
    CHECK_IN_CHILD(fiber.get() == 5);
    Semaphore semaphore(0);
    spawn_detached([&] { semaphore.release(); });
    semaphore.acquire();
    CHECK_IN_CHILD(!move_on_after(1ms, [] { sleep_for(1h); }));
    return steps == 1;
}

TEST_P(Fork, InTheMainFiberTheChildGoesOn) { EXPECT_CHILD_PASSES(in_child(hub_works)); }

TEST_P(Fork, InAFiberTheChildGoesOn) {
    auto fiber = spawn([] { return in_child(hub_works); });
    EXPECT_CHILD_PASSES(fiber.get());
    EXPECT_TRUE(hub_works());
}

TEST_P(Fork, TheChildMayForkAgain) {
    auto fiber = spawn([] {
        return in_child([] {
            sleep_for(1ms);
            auto inner = spawn([] { return in_child(hub_works) == ChildEnd::exit(0); });
            return inner.get() && hub_works();
        });
    });
    EXPECT_CHILD_PASSES(fiber.get());
}

// CONFORMANCE 222
TEST_P(Fork, FibersOfTheParentDoNotRunInTheChild) {
    int runs = 0;
    Event event;
    Mutex mutex;
    Channel<int> channel;
    mutex.lock();
    auto sleeper = spawn([&] {
        sleep_for(10ms);
        ++runs;
    });
    auto waiter = spawn([&] {
        event.wait(1h);
        ++runs;
    });
    auto locker = spawn([&] {
        mutex.lock();
        ++runs;
        mutex.unlock();
    });
    auto receiver = spawn([&] { runs += channel.receive(); });
    testing::wait_all_parked();
    auto ready = spawn([&] { ++runs; });
    auto later = spawn_later(10ms, [&] { ++runs; });
    EXPECT_CHILD_PASSES(in_child([&, before = runs] {
        event.set();
        mutex.unlock();
        CHECK_IN_CHILD(mutex.try_lock());  // and was not given to a fiber that is not there
        CHECK_IN_CHILD(!channel.try_send(1));
        for (int i = 0; i < 200; ++i) {
            yield();
        }
        sleep_for(50ms);
        return runs == before;
    }));
    event.set();
    mutex.unlock();
    channel.send(1);
    for (Fiber<>* fiber : {&sleeper, &waiter, &locker, &receiver, &ready, &later}) {
        fiber->join();
    }
    EXPECT_EQ(runs, 6);
}

struct SaysSo {
    int& unwound;
    ~SaysSo() { ++unwound; }
};

TEST_P(Fork, HandlesOfFibersThatAreNotThereSaySo) {
    int unwound = 0;
    auto fiber = std::make_unique<Fiber<>>(spawn([&] {
        const SaysSo guard{unwound};
        sleep_for(1h);
    }));
    auto lazy = std::make_unique<Fiber<>>(spawn(SpawnOptions{.lazy = true}, [&] { ++unwound; }));
    int told = 0;
    fiber->link([&](const FiberOutcome&) { ++told; });
    yield();
    EXPECT_CHILD_PASSES(in_child([&] {
        for (Fiber<>* handle : {fiber.get(), lazy.get()}) {
            CHECK_IN_CHILD(!handle->ref().alive());
            CHECK_IN_CHILD(handle->ready() && !handle->successful());
            handle->cancel();
            handle->kill();
            handle->join();
            try {
                handle->get();
                return false;
            } catch (const Abandoned&) {
                CHECK_IN_CHILD(handle->exception() != nullptr);
            }
        }
        bool linked = false;
        fiber->link([&](const FiberOutcome& outcome) { linked = outcome.exception != nullptr; });
        fiber.reset();
        lazy.reset();
        sleep_for(1ms);
        CHECK_IN_CHILD(linked && told == 0);
        return unwound == 0;
    }));
    fiber.reset();
    testing::wait_all_parked();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(unwound, 1);
}

TEST_P(Fork, HandlesOfFibersOnOtherHubsSaySo) {
    Host host;
    auto fiber = std::make_unique<Fiber<>>(spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); }));
    const FiberRef ref = fiber->ref();
    // It sleeps by then. Were its thread allocating memory for that during the fork, the address sanitizer's allocator would
    // stay locked in the child.
    spawn(SpawnOptions{.hub = host.hub()}, [] {}).join();
    EXPECT_CHILD_PASSES(in_child([&] {
        CHECK_IN_CHILD(!ref.alive());
        ref.cancel();
        fiber->join();
        CHECK_IN_CHILD(fiber->ready() && fiber->exception() != nullptr);
        fiber.reset();
        try {
            static_cast<void>(spawn(SpawnOptions{.hub = host.hub()}, [] {}));
            return false;
        } catch (const std::invalid_argument&) {
            return hub_works();
        }
    }));
    EXPECT_TRUE(ref.alive());
}

TEST_P(Fork, WhoJoinedTheCallingFiberIsForgotten) {
    std::optional<ChildEnd> end;
    auto fiber = spawn([&] {
        sleep_for(1ms);  // meanwhile the main fiber joins
        end = in_child(hub_works);
    });
    fiber.join();
    EXPECT_CHILD_PASSES(*end);
}

TEST_P(Fork, ATaskGroupEndsInTheChildWithoutItsMembers) {
    Host host;
    Event over;
    pid_t pid = -1;
    task_group([&](TaskGroup& group) {
        group.spawn([&] { over.wait(); });
        group.spawn(SpawnOptions{.hub = host.hub()}, [&] { over.wait(); });
        yield();
        pid = ::fork();
        if (pid == 0) {
            ::alarm(child_seconds);
            group.spawn([] { sleep_for(1ms); });
        } else {
            EXPECT_CHILD_PASSES(await_child(pid));
            over.set();
        }
    });
    if (pid == 0) {
        check_and_exit(hub_works);
    }
}

TEST_P(Fork, WhatTheCallingFiberOwnsEndsThoughOthersWaitForIt) {
    auto owner = spawn([] {
        pid_t pid = -1;
        {
            Channel<int> channel;
            Event event;
            auto receiver = spawn([&] { static_cast<void>(channel.receive()); });
            auto waiter = spawn([&] { event.wait(); });
            yield();
            pid = ::fork();
            if (pid == 0) {
                ::alarm(child_seconds);
                event.set();
            }
        }
        if (pid == 0) {
            check_and_exit(hub_works);
        }
        return await_child(pid);
    });
    EXPECT_CHILD_PASSES(owner.get());
}

// CONFORMANCE 122
TEST_P(Fork, ALockThatAnotherThreadHoldsIsUsableOnceItIsMadeAnew) {
    Host host;
    auto mutex = std::make_unique<Mutex>();
    Event held;
    auto holder = spawn(SpawnOptions{.hub = host.hub()}, [&] {
        const std::scoped_lock lock(*mutex);
        held.set();
        sleep_for(1h);
    });
    held.wait();
    auto waiter = spawn([&] { const std::scoped_lock lock(*mutex); });
    yield();
    EXPECT_CHILD_PASSES(in_child([&] {
        CHECK_IN_CHILD(!mutex->try_lock());  // it is held by a fiber that is not there, and stays so
        Mutex& fresh = *new (mutex.get()) Mutex;
        fresh.lock();
        auto other = spawn([&] { return fresh.try_lock(); });
        CHECK_IN_CHILD(!other.get());
        auto next = spawn([&] {
            const std::scoped_lock lock(fresh);
            return true;
        });
        yield();
        fresh.unlock();
        return next.get();
    }));
    holder.cancel();
    waiter.join();
}

TEST_P(Fork, ADeadlockInTheChildIsToldToTheCallingFiber) {
    auto fiber = spawn([] {
        return in_child([] {
            Event never_set;
            try {
                never_set.wait();
            } catch (const Deadlock&) {
                return true;
            }
            return false;
        });
    });
    EXPECT_CHILD_PASSES(fiber.get());
}

TEST_P(Fork, TheCallingFiberMayUseRunInTheChild) {
    auto fiber = spawn([] {
        return in_child([] {
            bool cancelled = false;
            const int value = run([&] {
                spawn_detached([&] {
                    try {
                        sleep_for(1h);
                    } catch (const Cancelled&) {
                        cancelled = true;
                        throw;
                    }
                });
                yield();
                return 3;
            });
            return value == 3 && cancelled && hub_works();
        });
    });
    EXPECT_CHILD_PASSES(fiber.get());
}

TEST_P(Fork, ACancellationFromBeforeReachesTheChild) {
    auto fiber = spawn([] {
        this_fiber().cancel();
        return in_child([] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                return true;
            }
            return false;
        });
    });
    EXPECT_CHILD_PASSES(fiber.get());
}

/// Forks in a fiber whose function then returns or throws in the child.
ChildEnd end_of_fiber_in_child(bool throws) {
    auto fiber = spawn([&] {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::alarm(child_seconds);
            // Before the leak checker, which does not know of stacks that nobody returns to.
            ::on_exit([](int status, void*) { ::_exit(20 + status); }, nullptr);
            sleep_for(1ms);
            if (throws) {
                throw std::runtime_error("of the child");
            }
        }
        return pid;
    });
    return await_child(fiber.get());
}

TEST_P(Fork, WhenTheCallingFiberEndsTheChildExitsAsIfMainHadReturned) {
    EXPECT_EQ(end_of_fiber_in_child(false), ChildEnd::exit(20 + EXIT_SUCCESS));
    EXPECT_EQ(end_of_fiber_in_child(true), ChildEnd::exit(20 + EXIT_FAILURE));
}

TEST(ForkOnVirtualTime, TheChildsTimeGoesOn) {
    testing::VirtualTime time;
    Host other;  // on real time
    const TimePoint before = time.now();
    auto fiber = spawn([&] {
        return in_child([&] {
            sleep_for(24h);
            return time.now() - before >= 24h;
        });
    });
    EXPECT_CHILD_PASSES(fiber.get());
}

}  // namespace
}  // namespace weft::test
