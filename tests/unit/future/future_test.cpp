// Future and Promise: one result, many who wait for it.
#include <weft/sync/future.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/wait_any.hpp"
#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(FutureTest);

std::exception_ptr failure(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

// CONFORMANCE 110
TEST_P(FutureTest, AllWhoWaitGetTheResultInTheirOrderAndLaterOnesAtOnce) {
    for (const bool fails : {false, true}) {
        Promise<std::string> promise;
        const Future<std::string> future = promise.future();
        std::vector<int> order;
        std::vector<Fiber<>> getters;
        for (int i = 0; i < 3; ++i) {
            getters.push_back(spawn([&, i] {
                if (fails) {
                    EXPECT_THROW(static_cast<void>(future.get()), std::runtime_error);
                } else {
                    EXPECT_EQ(future.get(), "value");
                }
                order.push_back(i);
            }));
        }
        testing::wait_all_parked();
        EXPECT_FALSE(future.ready());
        if (fails) {
            promise.set_exception(failure("error"));
        } else {
            promise.set_value("value");
        }
        EXPECT_TRUE(future.ready());
        for (const auto& getter : getters) {
            getter.join();
        }
        EXPECT_EQ(order, (std::vector{0, 1, 2}));
        bool others_ran = false;
        auto other = spawn([&] { others_ran = true; });
        EXPECT_EQ(future.exception() != nullptr, fails);
        if (!fails) {
            EXPECT_EQ(&future.get(), &future.get()) << "one value";
        }
        EXPECT_FALSE(others_ran);
    }
}

// CONFORMANCE 111
TEST_P(FutureTest, ASecondResultIsAnErrorAndAFreshPromiseTakesOne) {
    Promise<int> promise;
    const Future<int> first = promise.future();
    promise.set_value(1);
    EXPECT_THROW(promise.set_value(2), PromiseAlreadySet);
    EXPECT_THROW(promise.set_exception(failure("late")), PromiseAlreadySet);
    EXPECT_THROW(promise.set_from([] { return 3; }), PromiseAlreadySet);
    EXPECT_FALSE(promise.try_set_value(2));
    EXPECT_FALSE(promise.try_set_exception(failure("late")));
    EXPECT_EQ(first.get(), 1);
    promise = Promise<int>();
    promise.set_value(2);
    EXPECT_EQ(promise.future().get(), 2);
    EXPECT_EQ(first.get(), 1);
}

TEST_P(FutureTest, APromiseDestroyedUnsetIsBroken) {
    const test::StderrCapture printed;
    std::optional<Promise<int>> promise(std::in_place);
    Future<int> future = promise->future();
    auto getter = spawn([&] { EXPECT_THROW(static_cast<void>(future.get()), BrokenPromise); });
    testing::wait_all_parked();
    promise.reset();
    getter.join();
    EXPECT_THROW(static_cast<void>(future.get()), BrokenPromise);

    Promise<int> replaced;
    const Future<int> of_replaced = replaced.future();
    replaced = Promise<int>();
    EXPECT_THROW(static_cast<void>(of_replaced.get()), BrokenPromise) << "assignment ends it too";
    static_cast<void>(Promise<int>().future());
    EXPECT_EQ(printed.str(), "") << "one that nobody asked is no news";
}

TEST_P(FutureTest, AnErrorThatNobodySeesIsReportedWithTheLastCopy) {
    const test::StderrCapture printed;
    {
        Promise<> promise;
        std::optional<Future<>> future(promise.future());
        promise.set_exception(failure("nobody looks"));
        future.reset();
        EXPECT_EQ(printed.str(), "");
    }
    EXPECT_EQ(printed.count("a future ended with an error that nobody collected"), 1U);
    EXPECT_EQ(printed.count("nobody looks"), 1U);
    {
        Promise<> promise;
        promise.set_exception(failure("seen"));
        EXPECT_NE(promise.future().exception(), nullptr);
    }
    EXPECT_EQ(printed.count("seen"), 0U);
}

TEST_P(FutureTest, PastItsLimitGetLeavesTheFutureAsItWas) {
    Promise<int> promise;
    const Future<int> future = promise.future();
    const TimePoint before = now();
    EXPECT_THROW(static_cast<void>(future.get(2ms)), TimeoutError);
    EXPECT_THROW(future.wait(2ms), TimeoutError);
    EXPECT_THROW(future.wait(0ms), TimeoutError);
    EXPECT_GE(now() - before, 4ms);
    promise.set_value(5);
    EXPECT_EQ(future.get(0ms), 5);
}

TEST_P(FutureTest, AResultThatRacesACancellationIsKept) {
    Promise<int> promise;
    int got = 0;
    auto getter = spawn([&, future = promise.future()] {
        got = future.get();
        yield();
    });
    testing::wait_all_parked();
    promise.set_value(7);
    getter.cancel();
    EXPECT_THROW(getter.get(), Cancelled);
    EXPECT_EQ(got, 7);
}

TEST_P(FutureTest, AWaiterCancelledBeforeTheResultLeavesItToTheOthers) {
    Promise<int> promise;
    const Future<int> future = promise.future();
    auto cancelled = spawn([&] { static_cast<void>(future.get()); });
    auto other = spawn([&] { return future.get(); });
    testing::wait_all_parked();
    cancelled.cancel();
    promise.set_value(7);
    EXPECT_EQ(other.get(), 7);
    EXPECT_THROW(cancelled.get(), Cancelled);
}

TEST_P(FutureTest, HoldsValuesOfEveryKind) {
    Promise<> nothing;
    nothing.set_value();
    nothing.future().get();

    Promise<std::unique_ptr<int>> owner;
    owner.set_value(std::make_unique<int>(3));
    EXPECT_EQ(*owner.future().get(), 3) << "what cannot be copied moves out of an rvalue";
    EXPECT_EQ(owner.future().get(), nullptr);

    int target = 0;
    Promise<int&> reference;
    reference.set_value(target);
    reference.future().get() = 4;
    EXPECT_EQ(target, 4);

    Promise<std::string> text;
    text.set_value(3, 'x');
    Future<std::string> future = text.future();
    Future<std::string> copy = future;
    EXPECT_EQ(std::move(copy).get(), "xxx");
    EXPECT_EQ(future.get(), "xxx") << "others had it still";
}

TEST_P(FutureTest, AValueThatCannotBeMadeLeavesThePromiseUnset) {
    struct Picky {
        explicit Picky(int number) {
            if (number == 0) {
                throw std::invalid_argument("zero");
            }
        }
    };
    Promise<Picky> promise;
    EXPECT_THROW(promise.set_value(0), std::invalid_argument);
    EXPECT_FALSE(promise.future().ready());
    promise.set_value(1);
    EXPECT_TRUE(promise.future().ready());
}

TEST_P(FutureTest, SetFromTakesAValueOrAnErrorButNoInterruption) {
    Promise<int> value;
    value.set_from([] { return 1; });
    EXPECT_EQ(value.future().get(), 1);
    Promise<int> error;
    error.set_from([]() -> int { throw std::runtime_error("no"); });
    EXPECT_THROW(static_cast<void>(error.future().get()), std::runtime_error);
    Promise<int> interrupted;
    EXPECT_THROW(interrupted.set_from([]() -> int { throw Cancelled(); }), Cancelled);
    EXPECT_THROW(interrupted.set_from([]() -> int { throw FiberExit(); }), FiberExit);
    EXPECT_FALSE(interrupted.future().ready());
}

TEST_P(FutureTest, MisuseStopsTheProgram) {
    EXPECT_DEATH(Future<int>().wait(), "wait on a future that is empty or moved from");
    Promise<int> promise;
    EXPECT_DEATH(static_cast<void>(promise.future().exception()), "whose result is not there yet");
    const Promise<int> moved = std::move(promise);
    EXPECT_DEATH(promise.set_value(1), "set_value on a promise that is moved from");  // NOLINT
}

TEST_P(FutureTest, IsOneOfSeveralThingsToWaitFor) {
    Event event;
    Promise<int> promise;
    Future<int> future = promise.future();
    std::array choices{impl::Choice(event), impl::Choice(future)};
    auto setter = spawn([&] { promise.set_value(1); });
    Deadline deadline = never;
    EXPECT_EQ(impl::wait_any(choices, deadline), 1U);
    event.set();
    EXPECT_EQ(impl::wait_any(choices, deadline), 0U);
    setter.join();
}

TEST_P(FutureTest, ThreadsWithoutAHubSetAndGet) {
    Promise<int> to_thread;
    Promise<int> from_thread;
    const testing::VirtualTime::Hold hold;
    std::thread thread([&] { from_thread.set_value(to_thread.future().get() + 1); });
    to_thread.set_value(1);
    EXPECT_EQ(from_thread.future().get(), 2);
    thread.join();
}

TEST_P(FutureTest, OfSettersInManyThreadsOneWins) {
    for (int round = 0; round < 20; ++round) {
        Promise<int> promise;
        std::atomic<int> winners{0};
        std::vector<std::thread> setters;
        for (int i = 0; i < 4; ++i) {
            setters.emplace_back([&, i] { winners += promise.try_set_value(i) ? 1 : 0; });
        }
        for (std::thread& setter : setters) {
            setter.join();
        }
        EXPECT_EQ(winners, 1);
        EXPECT_TRUE(promise.future().ready());
    }
}

TEST_P(FutureTest, ThenRunsOnAFiberAndPassesErrorsOn) {
    Promise<int> promise;
    Future<std::string> text = promise.future().then([](int number) {
        sleep_for(1ms);  // it may wait
        return std::to_string(number);
    });
    Future<> end = text.then([](const std::string& said) { EXPECT_EQ(said, "42"); });
    Future<int> again = end.then([] { return 1; });
    promise.set_value(42);
    EXPECT_EQ(again.get(), 1);

    Promise<int> failing;
    bool called = false;
    Future<> after = failing.future().then([&](int) { called = true; });
    failing.set_exception(failure("before"));
    EXPECT_THROW(after.get(), std::runtime_error);
    EXPECT_FALSE(called);

    Promise<int> broken;
    Future<int> of_broken = broken.future().then([](int number) { return number; });
    broken = Promise<int>();
    EXPECT_THROW(static_cast<void>(of_broken.get()), BrokenPromise);
}

TEST_P(FutureTest, AContinuationThatThrowsDoesNotDisturbTheOthers) {
    const test::StderrCapture printed;
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::vector<int> ran;
    Future<> throws = future.then([&](int) {
        ran.push_back(0);
        throw std::logic_error("in a continuation");
    });
    Future<> fine = future.then([&](int) { ran.push_back(1); });
    static_cast<void>(future.then([&](int) {
        ran.push_back(2);
        throw std::logic_error("whose future nobody has");
    }));
    promise.set_value(1);
    EXPECT_THROW(throws.get(), std::logic_error);
    fine.get();
    testing::wait_all_parked();
    EXPECT_EQ(ran, (std::vector{0, 1, 2}));
    EXPECT_EQ(printed.count("whose future nobody has"), 1U);
    EXPECT_EQ(printed.count("in a continuation"), 0U);
}

TEST(FutureAtTheEndOfItsHub, AContinuationThatNeverRanIsBroken) {
    Promise<int> promise;
    Future<int> after;
    run([&] { after = promise.future().then([](int number) { return number; }); });
    EXPECT_THROW(static_cast<void>(after.get()), BrokenPromise);
}

}  // namespace
}  // namespace weft
