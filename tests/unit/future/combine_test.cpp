// Several futures at once, and std::future.
#include <weft/future/combine.hpp>
#include <weft/future/std_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(CombineTest);

/// Promises and their futures.
template <class T = int>
struct Set {
    explicit Set(std::size_t count) : promises(count) {
        for (const Promise<T>& promise : promises) {
            futures.push_back(promise.future());
        }
    }
    void fail(std::size_t which) {
        promises[which].set_exception(std::make_exception_ptr(std::out_of_range("failed")));
    }
    std::vector<Promise<T>> promises;
    std::vector<Future<T>> futures;
};

TEST_P(CombineTest, AsCompletedGoesByTheOrderInWhichTheyEnd) {
    Set set(5);
    set.promises[3].set_value(3);  // before it is asked
    std::vector<int> order;
    auto reader = spawn([&] {
        for (Future<int>& future : as_completed(set.futures)) {
            if (future.exception() != nullptr) {
                order.push_back(-1);
                continue;
            }
            order.push_back(future.get());
            yield();
        }
    });
    testing::wait_all_parked();
    EXPECT_EQ(order, (std::vector{3}));
    set.promises[4].set_value(4);
    set.promises[1].set_value(1);
    set.fail(2);
    testing::wait_all_parked();
    set.promises[0].set_value(0);
    reader.join();
    EXPECT_EQ(order, (std::vector{3, 4, 1, -1, 0}));
}

TEST_P(CombineTest, AsCompletedMayBeLeftEarly) {
    Set set(3);
    {
        auto completed = as_completed(set.futures, 1h);
        set.promises[1].set_value(1);
        EXPECT_EQ(completed.next().value().get(), 1);
    }
    set.promises[0].set_value(0);
    set.promises[2].set_value(2);
    EXPECT_EQ(set.futures[2].get(), 2);
}

TEST_P(CombineTest, AsCompletedHasOneLimitAndLosesNothingByIt) {
    Set set(2);
    auto completed = as_completed(set.futures, 200ms);
    auto setter = spawn([&] {
        sleep_for(1ms);
        set.promises[0].set_value(0);
        sleep_for(400ms);
        set.promises[1].set_value(1);
    });
    EXPECT_EQ(completed.next().value().get(), 0);
    EXPECT_THROW(completed.next(), TimeoutError);
    setter.join();
    EXPECT_EQ(completed.next().value().get(), 1);
    EXPECT_FALSE(completed.next().has_value());
    EXPECT_FALSE(as_completed(std::vector<Future<int>>()).next().has_value());
    EXPECT_THROW(static_cast<void>(as_completed(std::vector<Future<int>>(1))), std::invalid_argument);
}

TEST_P(CombineTest, AllGivesTheValuesInTheOrderOfTheFutures) {
    Set set(3);
    auto setter = spawn([&] {
        for (const int i : {2, 0, 1}) {
            yield();
            set.promises[static_cast<std::size_t>(i)].set_value(i);
        }
    });
    EXPECT_EQ(all(set.futures), (std::vector{0, 1, 2}));
    EXPECT_TRUE(all(std::vector<Future<int>>()).empty());

    Set<std::unique_ptr<int>> owners(1);
    owners.promises[0].set_value(std::make_unique<int>(9));
    EXPECT_EQ(*all(owners.futures)[0], 9);

    Set<void> nothing(2);
    nothing.promises[0].set_value();
    EXPECT_THROW(all(nothing.futures, 1ms), TimeoutError);
    nothing.promises[1].set_value();
    all(nothing.futures);
}

TEST_P(CombineTest, AllEndsWithTheFirstErrorAndLeavesTheOthers) {
    Set set(3);
    auto failing = spawn([&] { set.fail(1); });
    EXPECT_THROW(all(set.futures), std::out_of_range);
    EXPECT_FALSE(set.futures[0].ready());
    set.promises[0].set_value(1);
    EXPECT_EQ(set.futures[0].get(), 1);
}

TEST_P(CombineTest, AnyIsTheFirstSuccess) {
    Set set(3);
    auto setter = spawn([&] {
        set.fail(0);
        yield();
        set.promises[2].set_value(2);
    });
    EXPECT_EQ(any(set.futures), 2);
    Set failing(2);
    failing.fail(0);
    failing.promises[1].set_exception(std::make_exception_ptr(std::domain_error("last")));
    try {
        any(failing.futures);
        ADD_FAILURE() << "there is no success";
    } catch (const ExceptionGroup& errors) {
        EXPECT_EQ(errors.exceptions().size(), 2U);
        EXPECT_EQ(errors.split<std::domain_error>().matched.size(), 1U);
    }
    EXPECT_THROW(any(std::vector<Future<int>>()), std::invalid_argument);
    const std::vector<Future<int>> broken = Set(1).futures;
    EXPECT_THROW(any(broken), ExceptionGroup);
}

TEST_P(CombineTest, RaceIsTheFirstToEnd) {
    Set set(2);
    EXPECT_THROW(race(set.futures, 1ms), TimeoutError);
    set.promises[1].set_value(1);
    EXPECT_EQ(race(set.futures), 1);
    Set failing(2);
    failing.fail(0);
    EXPECT_THROW(race(failing.futures), std::out_of_range);
    EXPECT_THROW(race(std::vector<Future<int>>()), std::invalid_argument);
}

TEST_P(CombineTest, ManyThreadsCompleteWhatOneFiberReads) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 50;
    Set set(threads * each);
    const testing::VirtualTime::Hold hold;
    std::vector<std::thread> setters;
    for (std::size_t t = 0; t < threads; ++t) {
        setters.emplace_back([&set, t] {
            for (std::size_t i = 0; i < each; ++i) {
                set.promises[t * each + i].set_value(1);
            }
        });
    }
    int sum = 0;
    for (Future<int>& future : as_completed(set.futures)) {
        sum += future.get();
    }
    EXPECT_EQ(sum, threads * each);
    for (std::thread& setter : setters) {
        setter.join();
    }
}

TEST_P(CombineTest, FromStdWaitsForIt) {
    const testing::VirtualTime::Hold hold;
    std::promise<int> value;
    std::promise<void> error;
    Future<int> of_value = from_std(value.get_future());
    Future<> of_error = from_std(error.get_future());
    bool other_ran = false;
    auto other = spawn([&] {
        other_ran = true;
        value.set_value(6);
    });
    EXPECT_EQ(of_value.get(), 6);
    EXPECT_TRUE(other_ran);
    error.set_exception(std::make_exception_ptr(std::out_of_range("from there")));
    EXPECT_THROW(of_error.get(), std::out_of_range);
    EXPECT_EQ(from_std(std::async(std::launch::deferred, [] { return 8; })).get(), 8);
}

TEST_P(CombineTest, ToStdServesAPlainThread) {
    Set set(2);
    Promise<> done;
    std::vector<std::future<int>> theirs;
    theirs.push_back(to_std(set.futures[0]));
    theirs.push_back(to_std(set.futures[1]));
    std::future<void> third = to_std(done.future());
    const testing::VirtualTime::Hold hold;
    Promise<int> seen;
    std::thread thread([&] {
        third.get();
        const int value = theirs[0].get();
        EXPECT_THROW(theirs[1].get(), std::out_of_range);
        seen.set_value(value);
    });
    set.promises[0].set_value(1);
    set.fail(1);
    done.set_value();
    EXPECT_EQ(seen.future().get(), 1);
    thread.join();
}

}  // namespace
}  // namespace weft
