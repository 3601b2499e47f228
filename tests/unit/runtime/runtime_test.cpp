// Several hubs: placement, waiting across them, their end. On real threads.
#include <weft/runtime/runtime.hpp>

#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>

namespace weft::test {
namespace {

using namespace std::chrono_literals;

RuntimeOptions with_hubs(std::size_t hubs, Placement placement = Placement::round_robin) {
    return {.hubs = hubs, .placement = placement};
}

TEST(Runtime, APlainThreadGetsWhatItsFibersReturnAndThrow) {
    Runtime runtime(with_hubs(2));
    auto value = runtime.spawn([](int a, int b) { return a + b; }, 2, 3);
    auto error = runtime.spawn([]() -> int { throw std::runtime_error("of the fiber"); });
    EXPECT_EQ(value.get(), 5);
    EXPECT_THROW(error.get(), std::runtime_error);
}

TEST(Runtime, EachHubHasAThreadOfItsOwnAndRoundRobinUsesAll) {
    Runtime runtime(with_hubs(3));
    EXPECT_EQ(runtime.size(), 3U);
    std::set<std::thread::id> threads{std::this_thread::get_id()};
    for (int i = 0; i < 3; ++i) {
        threads.insert(runtime.spawn([] { return std::this_thread::get_id(); }).get());
    }
    EXPECT_EQ(threads.size(), 4U);
}

TEST(Runtime, WithoutANumberHasAHubForEachCoreThatItMayUse) {
    cpu_set_t set;
    CPU_ZERO(&set);
    ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    const Runtime runtime;
    EXPECT_EQ(runtime.size(), static_cast<std::size_t>(CPU_COUNT(&set)));
}

TEST(Runtime, PinnedHubsKeepToOneCoreEach) {
    Runtime runtime({.hubs = 2, .pin = true});
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        const int cores = runtime
                              .spawn({.hub = runtime.hub(i)},
                                     [] {
                                         cpu_set_t set;
                                         CPU_ZERO(&set);
                                         sched_getaffinity(0, sizeof set, &set);
                                         return CPU_COUNT(&set);
                                     })
                              .get();
        EXPECT_EQ(cores, 1);
    }
}

TEST(Runtime, FibersOfOneNameShareAHub) {
    Runtime runtime(with_hubs(4, Placement::by_name));
    for (const char* name : {"orders", "users", "carts"}) {
        const HubRef first = runtime.spawn({.name = name}, [] { return this_hub(); }).get();
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(runtime.spawn({.name = name}, [] { return this_hub(); }).get(), first);
        }
    }
}

TEST(Runtime, LeastLoadedGoesWhereTheFewestLive) {
    Runtime runtime(with_hubs(2, Placement::least_loaded));
    Event release;
    std::vector<Fiber<>> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(runtime.spawn({.hub = runtime.hub(0)}, [&] { release.wait(); }));
    }
    EXPECT_EQ(runtime.load(0), 3U);
    for (int i = 0; i < 3; ++i) {
        busy.push_back(runtime.spawn([&] { release.wait(); }));
    }
    EXPECT_EQ(runtime.load(0), 3U);
    EXPECT_EQ(runtime.load(1), 3U);
    release.set();
    for (const auto& fiber : busy) {
        fiber.join();
    }
    EXPECT_EQ(runtime.load(0) + runtime.load(1), 0U);
}

TEST(Runtime, ItsFibersAndThoseOfOtherHubsWaitForOneAnother) {
    Runtime runtime(with_hubs(2));
    run([&] {
        Mutex mutex;
        Semaphore started(0);
        Event go;
        int sum = 0;
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < 20; ++i) {
            fibers.push_back(runtime.spawn([&] {
                started.release();
                go.wait();
                for (int turn = 0; turn < 50; ++turn) {
                    const std::scoped_lock lock(mutex);
                    ++sum;
                    yield();
                }
            }));
        }
        for (int i = 0; i < 20; ++i) {
            started.acquire();
        }
        go.set();
        for (const auto& fiber : fibers) {
            fiber.join();
        }
        EXPECT_EQ(sum, 1000);
    });
}

TEST(Runtime, StoppedItCancelsAndJoinsWhatRunsOnIt) {
    Runtime runtime(with_hubs(2));
    std::atomic<int> unwound{0};
    struct Count {
        std::atomic<int>& of;
        ~Count() { ++of; }
    };
    Semaphore waiting(0);
    for (int i = 0; i < 6; ++i) {
        runtime.spawn_detached([&] {
            const Count count{unwound};
            waiting.release();
            sleep_for(1h);
        });
    }
    for (int i = 0; i < 6; ++i) {
        waiting.acquire();
    }
    runtime.stop();
    EXPECT_EQ(unwound, 6);
    runtime.stop();
    EXPECT_THROW(static_cast<void>(runtime.spawn([] {})), std::invalid_argument);
}

TEST(Runtime, WhoWaitsForAFiberOfAHubThatStopsLearnsThatItWasCancelled) {
    auto runtime = std::make_unique<Runtime>(with_hubs(1));
    run([&] {
        auto sleeper = runtime->spawn([] { sleep_for(1h); });
        auto waiter = spawn([&] { EXPECT_THROW(sleeper.get(), Cancelled); });
        yield();
        runtime.reset();
        waiter.join();
    });
}

TEST(Runtime, AHubThatStopsLeavesItsObjectsToTheOthers) {
    Mutex mutex;
    std::string steps;
    auto runtime = std::make_unique<Runtime>(with_hubs(1));
    run([&] {
        Event held;
        runtime->spawn_detached([&] {
            const std::scoped_lock lock(mutex);
            held.set();
            sleep_for(1h);
        });
        held.wait();
        auto waiter = spawn([&] {
            const std::scoped_lock lock(mutex);
            steps = "has it";
        });
        yield();
        runtime.reset();
        waiter.join();
        EXPECT_EQ(steps, "has it");
    });
}

TEST(Runtime, AFiberOnAForeignHubIsRefused) {
    Runtime runtime(with_hubs(1));
    run([&] {
        EXPECT_THROW(static_cast<void>(runtime.spawn({.hub = this_hub()}, [] {})), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(runtime.hub(1)), std::out_of_range);
    });
    EXPECT_EQ(runtime.load(0), 0U);
}

TEST(Runtime, EndsAlsoWhereItsMakerIsCancelled) {
    run([] {
        int ended = 0;
        struct Ended {
            int& of;
            ~Ended() { ++of; }
        };
        Event started;
        const auto maker = spawn([&] {
            Runtime runtime(with_hubs(2));
            runtime.spawn_detached([&] {
                const Ended count{ended};
                started.set();
                sleep_for(1h);
            });
            sleep_for(1h);
        });
        started.wait();
        maker.cancel();
        maker.join();
        EXPECT_EQ(ended, 1);
    });
}

}  // namespace
}  // namespace weft::test
