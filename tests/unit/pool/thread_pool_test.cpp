// The pool of OS threads.
#include "pool/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using impl::ThreadPool;

WEFT_HUB_SUITE(ThreadPoolTest);

template <class F>
auto run_in(ThreadPool& pool, F fn, Deadline deadline = never) {
    std::error_code error;
    auto result = pool.run(std::move(fn), deadline, error);
    EXPECT_EQ(result.has_value(), !error) << error.message();
    return result;
}

/// Holds jobs until it is opened.
class Gate {
public:
    void open() {
        open_ = true;
        open_.notify_all();
    }
    void pass() {
        ++waiting_;
        waiting_.notify_all();
        open_.wait(false);
    }
    void wait_for(int count) {
        for (int now = waiting_; now < count; now = waiting_) {
            waiting_.wait(now);
        }
    }

private:
    std::atomic<bool> open_{false};
    std::atomic<int> waiting_{0};
};

// CONFORMANCE 163
TEST_P(ThreadPoolTest, RunsTheCallElsewhereWhileOtherFibersRun) {
    ThreadPool pool(4);
    Gate gate;
    std::atomic<bool> other_ran{false};
    auto other = spawn([&] {
        other_ran = true;
        gate.open();
    });
    const auto here = std::this_thread::get_id();
    const auto there = run_in(pool, [&] {
        gate.pass();
        return std::this_thread::get_id();
    });
    EXPECT_TRUE(other_ran);
    EXPECT_NE(*there, here);
    EXPECT_THROW(run_in(pool, []() -> int { throw std::runtime_error("from there"); }), std::runtime_error);
    EXPECT_EQ(run_in(pool, [] { return std::make_unique<int>(7); }).value().operator*(), 7);
    other.join();
}

// CONFORMANCE 164
TEST_P(ThreadPoolTest, MoreJobsThanThreadsQueueAndIdleThreadsEndAndComeBack) {
    ThreadPool pool(2, 1ms);
    Gate gate;
    std::vector<Fiber<int>> jobs;
    for (int i = 0; i < 6; ++i) {
        jobs.push_back(spawn([&pool, &gate, i] {
            return *run_in(pool, [&gate, i] {
                gate.pass();
                return i;
            });
        }));
    }
    yield();
    gate.wait_for(2);
    EXPECT_EQ(pool.threads(), 2U);
    gate.open();
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(jobs[static_cast<std::size_t>(i)].get(), i);
    }
    while (pool.threads() != 0) {
        std::this_thread::yield();
    }
    EXPECT_EQ(run_in(pool, [] { return 1; }), 1);
}

// CONFORMANCE 167
TEST_P(ThreadPoolTest, AWaiterWhoLeavesAbandonsTheJobWhichOwnsWhatItUses) {
    ThreadPool pool(4);
    Gate gate;
    const auto owned = std::make_shared<int>(5);
    const std::weak_ptr<int> left = owned;
    auto waiter = spawn([&pool, &gate, own = owned] {
        (void)run_in(pool, [&gate, own] {
            gate.pass();
            return *own;
        });
    });
    yield();
    gate.wait_for(1);
    waiter.cancel();
    waiter.join();
    EXPECT_EQ(left.use_count(), 2) << "mine and the job's; the fiber's went with it";
    gate.open();
    while (left.use_count() > 1) {
        std::this_thread::yield();
    }
}

TEST_P(ThreadPoolTest, AJobThatTakesTooLongTimesOut) {
    ThreadPool pool(4);
    Gate gate;
    auto time = spawn([this] {
        while (on_virtual_time()) {
            virtual_time().advance(5ms);
            yield();
        }
    });
    std::error_code error;
    Deadline deadline = 10ms;
    EXPECT_FALSE(pool.run(
        [&] {
            gate.pass();
            return 1;
        },
        deadline, error));
    EXPECT_EQ(error, std::errc::timed_out);
    gate.open();
    time.kill();
    time.join();
}

TEST_P(ThreadPoolTest, ItsThreadsLeaveTheProgramsSignalsAlone) {
    ThreadPool pool(1);
    const auto blocked = run_in(pool, [] {
        sigset_t mask;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGSEGV) == 0;
    });
    EXPECT_TRUE(*blocked);
}

TEST(ThreadPoolOnAThread, ServesThreadsWithoutAHub) {
    ThreadPool pool(2);
    std::thread([&] {
        EXPECT_EQ(run_in(pool, [] { return 3; }), 3);
        std::error_code error;
        Deadline deadline = 1ms;
        auto held = std::make_shared<Gate>();
        EXPECT_FALSE(pool.run(
            [held] {
                held->pass();
                return 1;
            },
            deadline, error));
        EXPECT_EQ(error, std::errc::timed_out);
        held->open();
    }).join();
}

}  // namespace
}  // namespace weft::test
