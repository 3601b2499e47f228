// Pool: map and imap.
#include <weft/pool/pool.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(ImapTest);

/// 0, 1, 2, ... ; throws at one of them.
class Numbers {
public:
    explicit Numbers(int end, int bad = -1) : end_(end), bad_(bad) {}

    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        using pointer = const int*;
        using reference = int;

        Iterator(int at, int bad) : at_(at), bad_(bad) {}
        int operator*() const { return at_ != bad_ ? at_ : throw std::range_error("bad element"); }
        Iterator& operator++() { return ++at_, *this; }
        void operator++(int) { ++at_; }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

    private:
        int at_;
        int bad_;
    };
    Iterator begin() const { return {0, bad_}; }
    Iterator end() const { return {end_, bad_}; }

private:
    int end_;
    int bad_;
};

/// Item 0 ends after all others.
class SlowFirst {
public:
    explicit SlowFirst(int others) : others_(others) {}
    int operator()(int number) {
        if (number == 0) {
            go_.wait();
        } else if (--others_ == 0) {
            go_.set();
        }
        return number;
    }

private:
    int others_;
    Event go_;
};

TEST_P(ImapTest, MapReturnsTheResultsInTheOrderOfTheElements) {
    Pool pool(3);
    const std::vector<int> numbers{0, 1, 2, 3, 4};
    SlowFirst slow_first(4);
    EXPECT_EQ(pool.map(numbers, std::ref(slow_first)), numbers);
    EXPECT_TRUE(pool.map(Numbers(0), std::ref(slow_first)).empty());
    const auto texts = pool.map(Numbers(3), [](int number) { return std::to_string(number); });
    EXPECT_EQ(texts, (std::vector<std::string>{"0", "1", "2"}));
    const auto owners = pool.map(Numbers(2), [](int number) { return std::make_unique<int>(number); });
    EXPECT_EQ(*owners[1], 1);
    int sum = 0;
    pool.map(Numbers(4), [&](int number) { sum += number; });
    EXPECT_EQ(sum, 6);
}

TEST_P(ImapTest, MapEndsWithTheFirstErrorAndNothingOfItRunsOn) {
    Pool pool(2);
    int running = 0;
    int started = 0;
    EXPECT_THROW(pool.map(Numbers(1000),
                          [&](int number) {
                              ++started;
                              struct Leave {
                                  int& count;
                                  ~Leave() { --count; }
                              } leave{++running};
                              if (number == 3) {
                                  throw std::out_of_range("three");
                              }
                              sleep_for(1ms);
                              return number;
                          }),
                 std::out_of_range);
    EXPECT_EQ(running, 0);
    EXPECT_LT(started, 10);
    EXPECT_EQ(pool.free_count(), 2U);
}

// CONFORMANCE 154
TEST_P(ImapTest, InOrderEvenWithASlowFirstItemAndUnorderedAsCompleted) {
    Pool pool(2);
    std::vector<int> ordered;
    SlowFirst first(3);
    for (const int number : pool.imap(Numbers(4), std::ref(first))) {
        ordered.push_back(number);
    }
    EXPECT_EQ(ordered, (std::vector{0, 1, 2, 3}));
    std::vector<int> unordered;
    SlowFirst second(3);
    for (const int number : pool.imap_unordered(Numbers(4), std::ref(second))) {
        unordered.push_back(number);
    }
    EXPECT_EQ(unordered, (std::vector{1, 2, 3, 0}));
}

// CONFORMANCE 155
TEST_P(ImapTest, AnItemThatThrowsDoesSoAtItsPositionAndTheRestFollows) {
    Pool pool(3);
    auto results = pool.imap(Numbers(4), [](int number) {
        if (number == 1) {
            throw std::out_of_range("one");
        }
        return number;
    });
    EXPECT_EQ(results.next(), 0);
    EXPECT_THROW(results.next(), std::out_of_range);
    EXPECT_EQ(results.next(), 2);
    EXPECT_EQ(results.next(), 3);
    EXPECT_EQ(results.next(), std::nullopt);
    EXPECT_EQ(results.next(), std::nullopt);
}

// CONFORMANCE 156
TEST_P(ImapTest, ARangeThatThrowsEndsTheIterationWithItsError) {
    Pool pool(3);
    for (const bool ordered : {true, false}) {
        auto same = [](int number) { return number; };
        const Numbers numbers(10, 2);
        auto read = [](auto results) {
            EXPECT_TRUE(results->next().has_value());
            EXPECT_TRUE(results->next().has_value());
            EXPECT_THROW(results->next(), std::range_error);
            EXPECT_EQ(results->next(), std::nullopt);
        };
        if (ordered) {
            auto results = pool.imap(numbers, same);
            read(&results);
        } else {
            auto results = pool.imap_unordered(numbers, same);
            read(&results);
        }
    }
    EXPECT_THROW(pool.map(Numbers(3, 0), [](int number) { return number; }), std::range_error);
}

// CONFORMANCE 157
TEST_P(ImapTest, NoMoreUnreadResultsThanAllowed) {
    Pool pool(10);
    int started = 0;
    auto results = pool.imap_unordered(
        Numbers(20),
        [&](int number) {
            ++started;
            return number;
        },
        3);
    testing::wait_all_parked();
    EXPECT_EQ(started, 3);
    for (int read = 1; read <= 20; ++read) {
        EXPECT_TRUE(results.next().has_value());
        testing::wait_all_parked();
        EXPECT_EQ(started, std::min(read + 3, 20));
    }
    EXPECT_EQ(results.next(), std::nullopt);
}

// CONFORMANCE 158
TEST_P(ImapTest, AfterKillNothingMoreIsStarted) {
    Pool pool(2);
    int started = 0;
    auto mapping = spawn([&] {
        pool.map(Numbers(100), [&](int) {
            ++started;
            sleep_for(1h);
        });
    });
    auto ordered = spawn([&] {
        auto results = pool.imap(Numbers(100), [&](int number) { return number; });
        EXPECT_THROW(results.next(), BrokenPromise) << "it has not got a place before";
        EXPECT_EQ(results.next(), std::nullopt);
    });
    testing::wait_all_parked();
    pool.kill();
    EXPECT_THROW(mapping.get(), BrokenPromise);
    ordered.get();
    pool.join();
    EXPECT_EQ(started, 2);
    EXPECT_EQ(pool.map(Numbers(2), [](int number) { return number; }).size(), 2U)
        << "the pool itself goes on";
}

TEST_P(ImapTest, ACancelledReaderLosesNothing) {
    Pool pool(1);
    Event go;
    auto results = pool.imap(Numbers(2), [&](int number) {
        go.wait();
        return number;
    });
    EXPECT_THROW(results.next(1ms), TimeoutError);
    auto reader = spawn([&] { static_cast<void>(results.next()); });
    yield();
    reader.cancel();
    reader.join();
    go.set();
    EXPECT_EQ(results.next(), 0);
    EXPECT_EQ(results.next(), 1);
}

TEST_P(ImapTest, LeftEarlyItCancelsWhatIsUnderWay) {
    Pool pool(2);
    int started = 0;
    int cancelled = 0;
    for (const int number : pool.imap(Numbers(100), [&](int item) {
             ++started;
             try {
                 sleep_for(item == 0 ? Duration(1ms) : Duration(1h));
             } catch (const Cancelled&) {
                 ++cancelled;
                 throw;
             }
             return item;
         })) {
        EXPECT_EQ(number, 0);
        break;
    }
    EXPECT_EQ(cancelled, started - 1);
    EXPECT_EQ(pool.free_count(), 2U);
}

}  // namespace
}  // namespace weft
