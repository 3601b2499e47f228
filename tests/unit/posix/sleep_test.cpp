// The sleep family.
#include <gtest/gtest.h>

#include <time.h>

#include <chrono>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

class PosixSleep : public ::testing::Test {
    testing::VirtualTime time_;
};

timespec as_timespec(Duration length) {
    return {.tv_sec = length / 1s, .tv_nsec = static_cast<long>(length % 1s / 1ns)};
}

timespec clock_now(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now;
}

TEST_F(PosixSleep, EachKindSleepsForItsTime) {
    const TimePoint begun = now();
    EXPECT_EQ(posix::sleep(3), 0U);
    EXPECT_EQ(now() - begun, 3s);
    EXPECT_EQ(posix::usleep(1'500'000), 0);
    EXPECT_EQ(now() - begun, 4500ms);
    const timespec length = as_timespec(500ms);
    timespec left{.tv_sec = 77, .tv_nsec = 0};
    EXPECT_EQ(posix::nanosleep(&length, &left), 0);
    EXPECT_EQ(left.tv_sec, 77);
    EXPECT_EQ(posix::clock_nanosleep(CLOCK_REALTIME, 0, &length, nullptr), 0);
    EXPECT_EQ(posix::thrd_sleep(&length, nullptr), 0);
    EXPECT_EQ(now() - begun, 6s);
    const timespec until = as_timespec((begun + 10s).time_since_epoch());
    EXPECT_EQ(posix::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr), 0);
    EXPECT_EQ(now() - begun, 10s);
}

TEST_F(PosixSleep, ATimeThatHasPassedLetsOthersRunAndReturns) {
    const timespec past{.tv_sec = 1, .tv_nsec = 0};
    for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_BOOTTIME}) {
        EXPECT_TRUE(testing::lets_others_run(
            [&] { EXPECT_EQ(posix::clock_nanosleep(clock, TIMER_ABSTIME, &past, nullptr), 0); }));
    }
    EXPECT_TRUE(testing::lets_others_run([] { EXPECT_EQ(posix::usleep(0), 0); }));
    EXPECT_TRUE(testing::lets_others_run([] { EXPECT_EQ(posix::sleep(0), 0U); }));
    EXPECT_TRUE(testing::lets_others_run([] { EXPECT_EQ(posix::sched_yield(), 0); }));
    EXPECT_TRUE(testing::lets_others_run([] { posix::thrd_yield(); }));
}

TEST_F(PosixSleep, UntilATimeOfAClockThatMayBeSetTheKernelWatches) {
    for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_BOOTTIME}) {
        timespec soon = clock_now(clock);
        soon.tv_nsec += 2'000'000;
        if (soon.tv_nsec >= 1'000'000'000) {
            soon.tv_nsec -= 1'000'000'000;
            ++soon.tv_sec;
        }
        EXPECT_EQ(posix::clock_nanosleep(clock, TIMER_ABSTIME, &soon, nullptr), 0);
        const timespec after = clock_now(clock);
        EXPECT_TRUE(after.tv_sec > soon.tv_sec ||
                    (after.tv_sec == soon.tv_sec && after.tv_nsec >= soon.tv_nsec));
        timespec far = after;
        far.tv_sec += 3600;
        auto sleeper = spawn([&] { return posix::clock_nanosleep(clock, TIMER_ABSTIME, &far, nullptr); });
        wait_all_parked();
        EXPECT_FALSE(sleeper.ready());
        sleeper.cancel();
        EXPECT_EQ(sleeper.get(), ECANCELED);
    }
}

TEST_F(PosixSleep, BadTimesAreRefusedAsLibcDoes) {
    const timespec odd{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    const timespec negative{.tv_sec = -1, .tv_nsec = 0};
    for (const timespec& bad : {odd, negative}) {
        EXPECT_EQ(said([&] { return posix::nanosleep(&bad, nullptr); }), fails(EINVAL));
        EXPECT_EQ(posix::clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, nullptr), EINVAL);
        EXPECT_LT(posix::thrd_sleep(&bad, nullptr), -1);
    }
    EXPECT_EQ(posix::clock_nanosleep(4711, 0, &odd, nullptr), EINVAL);
}

TEST_F(PosixSleep, TheLongestTimesDoNotOverflow) {
    const timespec longest{.tv_sec = std::numeric_limits<time_t>::max(), .tv_nsec = 999'999'999};
    auto one = spawn([&] { return posix::nanosleep(&longest, nullptr); });
    auto other = spawn([] { return posix::sleep(UINT_MAX); });
    sleep_for(24h * 365);
    EXPECT_FALSE(one.ready());
    EXPECT_FALSE(other.ready());
    one.cancel();
    other.cancel();
    EXPECT_EQ(one.get(), -1);
    EXPECT_GT(other.get(), 4'000'000'000U);
}

}  // namespace
}  // namespace weft::test
