// A deadline: what it is made from, how it begins, and that nothing overflows.
#include <weft/time/deadline.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace {

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;
using weft::Deadline;
using weft::Duration;
using weft::TimePoint;

constexpr TimePoint at(std::int64_t nanoseconds) { return TimePoint{Duration{nanoseconds}}; }

// Deadlines are parameters of every waiting call: a register, known while compiling where the caller's
// duration is.
static_assert(sizeof(Deadline) == 8);
static_assert(std::is_trivially_copyable_v<Deadline>);
static_assert(std::is_nothrow_convertible_v<std::chrono::milliseconds, Deadline>);
static_assert(std::is_nothrow_convertible_v<steady_clock::time_point, Deadline>);
static_assert(!std::is_convertible_v<int, Deadline>, "a number without a unit is not a duration");
static_assert(!std::is_convertible_v<std::chrono::system_clock::time_point, Deadline>,
              "that clock can be set");
static_assert(Deadline{5ms}.resolve(at(1)) == at(5'000'001));

TEST(Deadline, IsNeverByDefault) {
    EXPECT_TRUE(Deadline{}.is_never());
    EXPECT_TRUE(weft::never.is_never());
    EXPECT_FALSE(weft::never.is_relative());
    EXPECT_EQ(weft::never.resolve(at(7)), TimePoint::max());
}

TEST(Deadline, ADurationBeginsWhenItIsFixed) {
    Deadline deadline = 2s;
    EXPECT_TRUE(deadline.is_relative());
    deadline.fix(at(10));
    EXPECT_FALSE(deadline.is_relative());
    EXPECT_EQ(deadline.resolve(at(999)), at(2'000'000'010));
    deadline.fix(at(999));
    EXPECT_EQ(deadline.resolve(at(0)), at(2'000'000'010)) << "it begins once";
}

TEST(Deadline, ATimePointIsThatPointWhateverTheTime) {
    Deadline deadline = at(5);
    EXPECT_FALSE(deadline.is_relative());
    deadline.fix(at(100));
    EXPECT_EQ(deadline.resolve(at(200)), at(5));
    EXPECT_TRUE(Deadline{TimePoint::max()}.is_never());
    EXPECT_EQ(Deadline{TimePoint::min()}.resolve(at(3)), at(0)) << "before the epoch is due at once";
}

TEST(Deadline, FixingNeverChangesNothing) {
    Deadline deadline;
    deadline.fix(at(1));
    EXPECT_TRUE(deadline.is_never());
}

TEST(Deadline, ZeroAndNegativeDurationsAreDueAtOnce) {
    EXPECT_EQ(Deadline{0s}.resolve(at(42)), at(42));
    EXPECT_EQ(Deadline{-1ns}.resolve(at(42)), at(42));
    EXPECT_EQ(Deadline{std::chrono::hours::min()}.resolve(at(42)), at(42));
    EXPECT_EQ(Deadline{duration<double>(-1e300)}.resolve(at(42)), at(42));
    EXPECT_EQ(Deadline{duration<double>(-std::numeric_limits<double>::infinity())}.resolve(at(42)), at(42));
}

TEST(Deadline, WhatIsTooLongIsNever) {
    EXPECT_TRUE(Deadline{std::chrono::nanoseconds::max()}.is_never());
    EXPECT_TRUE(Deadline{std::chrono::hours::max()}.is_never());
    EXPECT_TRUE(Deadline{std::chrono::years{293}}.is_never());
    EXPECT_TRUE(Deadline{duration<std::uint64_t>(std::numeric_limits<std::uint64_t>::max())}.is_never());
    EXPECT_TRUE(Deadline{duration<double>(1e300)}.is_never());
    EXPECT_TRUE(Deadline{duration<double>(std::numeric_limits<double>::infinity())}.is_never());
    EXPECT_TRUE((Deadline{std::chrono::time_point<steady_clock, std::chrono::hours>::max()}.is_never()));
    EXPECT_FALSE(Deadline{std::chrono::years{292}}.is_never());
}

TEST(Deadline, ADurationThatEndsBeyondTimeIsNever) {
    Deadline deadline = std::chrono::years{292};
    deadline.fix(TimePoint::max() - 1s);
    EXPECT_TRUE(deadline.is_never());
}

TEST(Deadline, FractionsOfANanosecondAreRoundedUp) {
    using Picoseconds = duration<std::int64_t, std::pico>;
    EXPECT_EQ(Deadline{Picoseconds{1}}, Deadline{1ns});
    EXPECT_EQ(Deadline{Picoseconds{1000}}, Deadline{1ns});
    EXPECT_EQ(Deadline{Picoseconds{1001}}, Deadline{2ns});
    EXPECT_EQ((Deadline{duration<int, std::ratio<1, 3>>{1}}), Deadline{333'333'334ns});
    EXPECT_EQ((Deadline{duration<double, std::nano>{1.25}}), Deadline{2ns});
    EXPECT_EQ((Deadline{duration<double, std::nano>{2.0}}), Deadline{2ns});
    EXPECT_EQ((Deadline{std::chrono::time_point<steady_clock, Picoseconds>{Picoseconds{1}}}.resolve(at(0))),
              at(1));
}

TEST(Deadline, FloatingPointDurationsAreExactToANanosecond) {
    EXPECT_EQ(Deadline{0.1s}, Deadline{100ms});
    EXPECT_EQ(Deadline{duration<double>(0.25)}, Deadline{250ms});
    const auto length = Deadline{duration<float>(3.3F)}.resolve(at(0)).time_since_epoch();
    EXPECT_GE(duration<double>(length).count(), static_cast<double>(3.3F)) << "a float is never early either";
    EXPECT_LT(length, Deadline{3301ms}.resolve(at(0)).time_since_epoch());
}

TEST(Deadline, AnyIntegerCountsAndConvertsWithoutOverflow) {
    EXPECT_EQ(Deadline{duration<unsigned char>(200)}, Deadline{200s});
    EXPECT_EQ((Deadline{duration<std::uint64_t, std::pico>(std::numeric_limits<std::uint64_t>::max())}),
              Deadline{18'446'744'073'709'552ns});
    EXPECT_EQ((Deadline{duration<std::int64_t, std::ratio<1, 3>>{27'000'000'000}}), Deadline{9'000'000'000s});
}

TEST(Deadline, EqualMeansTheSameLimitInTheSameForm) {
    EXPECT_EQ(Deadline{1s}, Deadline{1000ms});
    EXPECT_NE(Deadline{1s}, Deadline{at(1'000'000'000)});
    EXPECT_NE(Deadline{1s}, weft::never);
}

TEST(DeadlineDeathTest, NotANumberStopsTheProgramAndSaysSo) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(static_cast<void>(Deadline{duration<double>(std::nan(""))}), "not a number");
}

}  // namespace
