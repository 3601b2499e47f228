// The pool of OS threads.
#include <weft/pool/thread_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/future/combine.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(ThreadPoolTest);

/// Holds jobs until it is opened.
class Gate {
public:
    void open() { open_.release(1000); }
    void pass() {
        waiting_.release();
        open_.acquire();
    }
    /// Until so many have come since the last time.
    void await(int count) {
        for (int i = 0; i < count; ++i) {
            waiting_.acquire();
        }
    }

private:
    Semaphore open_{0};
    Semaphore waiting_{0};
};

int answer() { return 42; }

// CONFORMANCE 163
TEST_P(ThreadPoolTest, RunsTheCallElsewhereWhileOtherFibersRun) {
    ThreadPool pool(4);
    Gate gate;
    bool other_ran = false;
    auto other = spawn([&] {
        other_ran = true;
        gate.open();
    });
    const auto here = std::this_thread::get_id();
    const auto there = pool.run([&] {
        gate.pass();
        return std::this_thread::get_id();
    });
    EXPECT_TRUE(other_ran);
    EXPECT_NE(there, here);
    EXPECT_THROW(pool.run([] { throw std::runtime_error("from there"); }), std::runtime_error);
    EXPECT_EQ(*pool.run([](std::unique_ptr<int> own) { return own; }, std::make_unique<int>(7)), 7);
    int local = 1;
    pool.run([&](int& reference) { ++reference; }, local);
    EXPECT_EQ(local, 2);
    EXPECT_EQ(pool.submit(answer).get(), 42);
    EXPECT_EQ(run_blocking(answer), 42);
}

// CONFORMANCE 164
TEST_P(ThreadPoolTest, MoreJobsThanThreadsQueueAndIdleThreadsEndAndComeBack) {
    ThreadPool pool(2, 1ms);
    Gate gate;
    std::vector<Future<int>> jobs;
    for (int i = 0; i < 6; ++i) {
        jobs.push_back(pool.submit([&gate, i] {
            gate.pass();
            return i;
        }));
    }
    gate.await(2);
    EXPECT_EQ(pool.threads(), 2U);
    EXPECT_EQ(pool.queued(), 4U);
    gate.open();
    EXPECT_EQ(all(jobs), (std::vector{0, 1, 2, 3, 4, 5}));
    while (pool.threads() != 0) {
        std::this_thread::yield();
    }
    EXPECT_EQ(pool.run(answer), 42);
}

// CONFORMANCE 165
TEST_P(ThreadPoolTest, ResizedItStartsWhatWaitsOrLetsThreadsGo) {
    ThreadPool pool(0);
    Gate gate;
    std::vector<Future<>> jobs;
    for (int i = 0; i < 3; ++i) {
        jobs.push_back(pool.submit([&] { gate.pass(); }));
    }
    EXPECT_EQ(pool.threads(), 0U);
    pool.resize(1);
    gate.await(1);
    pool.resize(3);
    gate.await(2);
    EXPECT_EQ(pool.threads(), 3U);
    pool.resize(1);
    EXPECT_EQ(pool.max_threads(), 1U);
    gate.open();
    all(jobs);
    while (pool.threads() != 1) {
        std::this_thread::yield();
    }
    EXPECT_EQ(pool.run(answer), 42);
    pool.resize(0);
    Future<int> waits = pool.submit(answer);
    while (pool.threads() != 0) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(waits.ready());
}

// CONFORMANCE 167
TEST_P(ThreadPoolTest, ACancelledCallerWaitsForTheJobUnlessItHasOnlyItsFuture) {
    ThreadPool pool(4);
    Gate gate;
    bool ended = false;
    auto waits = spawn([&] {
        int local = 0;
        pool.run([&] {
            gate.pass();
            local = 1;
            ended = true;
        });
    });
    yield();
    gate.await(1);
    waits.cancel();
    yield();
    EXPECT_FALSE(waits.ready());
    gate.open();
    EXPECT_THROW(waits.get(), Cancelled);
    EXPECT_TRUE(ended);

    Gate other;
    const auto owned = std::make_shared<int>(5);
    auto leaves =
        spawn([&] { static_cast<void>(pool.submit([&other, own = owned] { other.pass(); }).get()); });
    yield();
    other.await(1);
    leaves.cancel();
    EXPECT_THROW(leaves.get(), Cancelled);
    EXPECT_EQ(owned.use_count(), 2) << "mine and the job's";
    other.open();
    while (owned.use_count() > 1) {
        std::this_thread::yield();
    }
}

TEST_P(ThreadPoolTest, ACancelledCallerTakesAJobBackThatHasNotBegun) {
    ThreadPool pool(1);
    Gate gate;
    Future<> first = pool.submit([&] { gate.pass(); });
    gate.await(1);
    bool ran = false;
    auto caller = spawn([&] { pool.run([&] { ran = true; }); });
    yield();
    EXPECT_EQ(pool.queued(), 1U);
    caller.kill();
    EXPECT_THROW(caller.get(), FiberExit);
    EXPECT_EQ(pool.queued(), 0U);
    gate.open();
    first.get();
    EXPECT_FALSE(ran);
}

// CONFORMANCE 168
TEST_P(ThreadPoolTest, AnAbandonedJobKeepsItsThreadUntilItEnds) {
    ThreadPool pool(1);
    Gate gate;
    static_cast<void>(pool.submit([&] { gate.pass(); }));
    gate.await(1);
    Future<int> next = pool.submit(answer);
    EXPECT_EQ(pool.queued(), 1U);
    EXPECT_FALSE(next.ready());
    gate.open();
    EXPECT_EQ(next.get(), 42);
}

// CONFORMANCE 169
TEST_P(ThreadPoolTest, AJobCallsBackToTheHubAndWaitsThere) {
    ThreadPool pool(1);
    const HubRef hub = this_hub();
    const auto hub_thread = std::this_thread::get_id();
    const auto ran_in =
        pool.run([&] { return spawn_on(hub, [] { return yield(), std::this_thread::get_id(); }).get(); });
    EXPECT_EQ(ran_in, hub_thread);

    std::optional<Host> host(std::in_place);
    const HubRef gone = host->hub();
    host.reset();
    EXPECT_THROW(pool.run([&] { spawn_on(gone, [] {}).get(); }), std::invalid_argument);
}

// CONFORMANCE 170
TEST_P(ThreadPoolTest, FibersAndThreadsWaitForEachOtherWithTheSameTypes) {
    Semaphore to_thread(0);
    Semaphore to_fiber(0);
    Event last;
    Promise<int> sum;
    const testing::VirtualTime::Hold hold;
    std::thread plain([&] {
        int count = 0;
        for (; count < 50; ++count) {
            to_thread.acquire();
            to_fiber.release();
        }
        last.wait();
        sum.set_value(count);
    });
    for (int i = 0; i < 50; ++i) {
        to_thread.release();
        to_fiber.acquire();
    }
    last.set();
    EXPECT_EQ(sum.future().get(), 50);
    plain.join();
}

// CONFORMANCE 171
TEST_P(ThreadPoolTest, ItsFuturesAreFutures) {
    const StderrCapture printed;
    ThreadPool pool(3);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 3; ++i) {
        futures.push_back(pool.submit([i] { return i; }));
    }
    int sum = 0;
    for (Future<int>& future : as_completed(futures)) {
        sum += future.get();
    }
    EXPECT_EQ(sum, 3);
    Promise<int> called;
    Future<> throws = futures[0].then([](int) { throw std::logic_error("in a callback"); });
    Future<> fine = futures[0].then([&](int value) { called.set_value(value); });
    EXPECT_EQ(called.future().get(), 0);
    EXPECT_THROW(throws.get(), std::logic_error);
    fine.get();
}

// CONFORMANCE 166
TEST(ThreadPoolOnAThread, ServesThreadsWithoutAHub) {
    ThreadPool pool(2);
    std::thread([&] {
        EXPECT_EQ(pool.run(answer), 42);
        EXPECT_EQ(pool.submit([] { return 3; }).get(), 3);
        EXPECT_EQ(pool.map(std::vector{1, 2, 3}, [](int number) { return 2 * number; }),
                  (std::vector{2, 4, 6}));
        Gate gate;
        Future<> held = pool.submit([&] { gate.pass(); });
        EXPECT_THROW(held.get(1ms), TimeoutError);
        gate.open();
        held.get();
        EXPECT_EQ(this_fiber().id(), 0U) << "it still has no hub";
    }).join();
}

TEST_P(ThreadPoolTest, MapSpreadsARangeOverTheThreads) {
    ThreadPool pool(4);
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    const std::vector<long> squares =
        pool.map(numbers, [](int number) { return static_cast<long>(number) * number; });
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        EXPECT_EQ(squares[i], static_cast<long>(i * i));
    }
    parallel_map(numbers, [](int& number) { number = -number; });
    EXPECT_EQ(numbers[999], -999);
    EXPECT_TRUE(pool.map(std::vector<int>(), [](int number) { return number; }).empty());

    std::atomic<int> begun{0};
    EXPECT_THROW(pool.map(numbers,
                          [&](int) {
                              ++begun;
                              throw std::out_of_range("the first is enough");
                          }),
                 std::out_of_range);
    EXPECT_LE(begun, 4);
}

TEST_P(ThreadPoolTest, ACancelledMapBeginsNoMoreCallsAndWaitsForThoseThatHaveBegun) {
    ThreadPool pool(2);
    Gate gate;
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    auto mapping = spawn([&] {
        pool.map(std::vector<int>(100), [&](int) {
            ++begun;
            gate.pass();
            ++ended;
        });
    });
    yield();
    gate.await(2);
    mapping.cancel();
    yield();
    EXPECT_FALSE(mapping.ready());
    gate.open();
    EXPECT_THROW(mapping.get(), Cancelled);
    EXPECT_EQ(begun, 2);
    EXPECT_EQ(ended, 2);
}

TEST_P(ThreadPoolTest, DestroyedWithJobsOutItDropsThoseThatHaveNotBegunAndWaitsForTheOthers) {
    Gate gate;
    std::atomic<bool> ended{false};
    Future<> begun;
    Future<> dropped;
    auto opener = spawn([&] { gate.open(); });
    {
        ThreadPool pool(1);
        begun = pool.submit([&] {
            gate.pass();
            ended = true;
        });
        dropped = pool.submit([] {});
        while (pool.queued() != 1) {
            std::this_thread::yield();
        }
    }
    EXPECT_TRUE(ended);
    begun.get();
    EXPECT_THROW(dropped.get(), BrokenPromise);
}

TEST_P(ThreadPoolTest, VirtualTimeStandsStillWhileAJobIsAtWork) {
    if (!on_virtual_time()) {
        return;
    }
    ThreadPool pool(1);
    Gate gate;
    const TimePoint before = now();
    Future<> job = pool.submit([&] {
        gate.pass();
        std::this_thread::sleep_for(2ms);
    });
    gate.open();
    sleep_for(1h);
    EXPECT_TRUE(job.ready()) << "the hour has passed only after it";
    EXPECT_EQ(now() - before, 1h);
}

TEST_P(ThreadPoolTest, AJobThatWaitsForAFiberDoesNotHoldUpItsTime) {
    ThreadPool pool(1);
    const HubRef here = this_hub();
    const TimePoint before = now();
    EXPECT_EQ(pool.run([&] {
        return spawn_on(here,
                        [] {
                            sleep_for(20ms);
                            return 5;
                        })
            .get();
    }),
              5);
    EXPECT_GE(now() - before, 20ms);
}

TEST_P(ThreadPoolTest, AJobThatHasSleptAsFibersDoLeavesNoHubBehind) {
    ThreadPool pool(1);
    pool.run([] { sleep_for(1ms); });
    Event nobody_sets;
    EXPECT_THROW(nobody_sets.wait(), Deadlock);
}

TEST_P(ThreadPoolTest, ADeadlockIsFoundWhenAJobThatHadAHubBeforeAnybodyWaitedHasEnded) {
    std::promise<void> has_hub;
    ThreadPool pool(1);
    static_cast<void>(pool.submit([&] {
        spawn([] { yield(); }).join();
        has_hub.set_value();
        std::this_thread::sleep_for(20ms);
    }));
    has_hub.get_future().wait();
    Event nobody_sets;
    EXPECT_THROW(nobody_sets.wait(), Deadlock);
}

TEST_P(ThreadPoolTest, ADeadlockIsFoundAfterTheLastJob) {
    ThreadPool pool(1);
    Event nobody_sets;
    static_cast<void>(pool.submit([] { std::this_thread::sleep_for(2ms); }));
    EXPECT_THROW(nobody_sets.wait(), Deadlock);
}

TEST_P(ThreadPoolTest, ItsThreadsLeaveTheProgramsSignalsAlone) {
    ThreadPool pool(1);
    EXPECT_TRUE(pool.run([] {
        sigset_t mask;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGSEGV) == 0;
    }));
}

}  // namespace
}  // namespace weft::test
