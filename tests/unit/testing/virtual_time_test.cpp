// Virtual time itself: when it moves, and when it must not.
#include <weft/testing/virtual_time.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>

#include "base/unique_fd.hpp"
#include "core/hub.hpp"
#include "io/transfer.hpp"
#include "support/hub_fixture.hpp"
#include "support/sys_override.hpp"
#include "testing/virtual_poller.hpp"

namespace weft::testing {
namespace {

using namespace std::chrono_literals;

// CONFORMANCE 292
TEST(VirtualTimeTest, JumpsToTheNextDeadlineWhenAllFibersWait) {
    const VirtualTime time;
    const auto real_start = std::chrono::steady_clock::now();
    const TimePoint start = time.now();
    std::string order;
    auto slow = spawn([&] {
        sleep_for(48h);
        order += "slow";
    });
    auto fast = spawn([&] {
        sleep_for(24h);
        order += "fast ";
    });
    slow.join();
    EXPECT_EQ(order, "fast slow");
    EXPECT_EQ(time.now() - start, 48h);
    EXPECT_EQ(now(), time.now());
    EXPECT_LT(std::chrono::steady_clock::now() - real_start, 24h);
}

TEST(VirtualTimeTest, MovesThoughSignalsInterruptTheLookWhetherAnybodyIsWoken) {
    const VirtualTime time;
    const impl::SysOverride<decltype(impl::Sys::poll)> signals(
        &impl::Sys::poll, +[](pollfd* entries, nfds_t count, int timeout) {
            static int looks = 0;
            if (timeout == 0 && ++looks % 2 == 0) {
                errno = EINTR;
                return -1;
            }
            return ::poll(entries, count, timeout);
        });
    for (int i = 0; i < 10; ++i) {
        sleep_for(1h);
    }
}

TEST(VirtualTimeTest, StandsStillWhileAnythingRuns) {
    const VirtualTime time;
    const TimePoint start = time.now();
    auto sleeper = spawn([] { sleep_for(1us); });
    auto busy = spawn([] {
        for (int i = 0; i < 1000; ++i) {
            yield();
        }
    });
    busy.join();
    EXPECT_EQ(time.now(), start);
    EXPECT_FALSE(sleeper.ready());
    sleeper.join();
    EXPECT_EQ(time.now() - start, 1us);
}

TEST(VirtualTimeTest, AdvanceWakesThoseWhoseTimeHasComeInTheOrderOfTheirDeadlines) {
    VirtualTime time;
    std::string order;
    auto b = spawn([&] {
        sleep_for(2s);
        order += 'b';
    });
    auto a = spawn([&] {
        sleep_for(1s);
        order += 'a';
    });
    auto c = spawn([&] {
        sleep_for(3s);
        order += 'c';
    });
    wait_all_parked();
    const TimePoint start = time.now();
    time.advance(2s);
    EXPECT_EQ(order, "") << "not before the caller waits";
    wait_all_parked();
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(time.now() - start, 2s);
}

TEST(VirtualTimeTest, BeginsWhereTheSteadyClockStands) {
    const VirtualTime time;
    EXPECT_LE(std::chrono::steady_clock::now() - 24h * 365, time.now());
    const TimePoint deadline = time.now() + 1s;
    sleep_until(deadline);
    EXPECT_EQ(time.now(), deadline);
}

TEST(VirtualTimeTest, EndsWithItsHubAndCanBeginAgain) {
    bool ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    {
        const VirtualTime time;
        spawn_detached([&] {
            const Note note{ended};
            sleep_for(1h);
        });
        yield();
    }
    EXPECT_TRUE(ended);
    EXPECT_EQ(impl::Hub::current(), nullptr);
    const VirtualTime again;
    sleep_for(1h);
}

TEST(VirtualTimeTest, WhileItIsHeldItMovesByAdvanceOnly) {
    VirtualTime time;
    Event event;
    const TimePoint start = time.now();
    std::optional<VirtualTime::Hold> hold(std::in_place);
    // A thread that weft does not know is going to set the event: the deadline must not overtake it.
    std::thread stranger([&] {
        event.set();
        hold.reset();
    });
    EXPECT_NO_THROW(event.wait(1s));
    stranger.join();
    EXPECT_EQ(time.now(), start);
    EXPECT_FALSE(move_on_after(1s, [] { sleep_for(1h); })) << "the hold has ended";
    EXPECT_EQ(time.now() - start, 1s);
}

TEST(VirtualTimeTest, TheEndOfAHoldLetsASleepingHubGoOn) {
    const VirtualTime time;
    std::optional<VirtualTime::Hold> hold(std::in_place);
    std::thread stranger([&] { hold.reset(); });
    sleep_for(1h);
    stranger.join();
}

TEST(VirtualTimeTest, HubsOfSeveralThreadsShareItAndWaitForEachOther) {
    // Each thread does its steps at times of its own: in virtual time they interleave exactly.
    constexpr int threads = 3;
    std::mutex lock;
    std::vector<int> order;
    std::optional<VirtualTime::Hold> until_all_are_there(std::in_place);
    std::atomic<int> there{0};
    std::vector<std::thread> all;
    TimePoint start{};
    {
        const VirtualTime time;
        start = time.now();
    }
    for (int t = 0; t < threads; ++t) {
        all.emplace_back([&, t] {
            const VirtualTime time;
            if (++there == threads) {
                until_all_are_there.reset();
            }
            for (int step = 0; step < 20; ++step) {
                sleep_until(start + 1h * (step + 1) + 1min * t);
                const std::lock_guard guard(lock);
                order.push_back(step * threads + t);
            }
        });
    }
    for (auto& thread : all) {
        thread.join();
    }
    ASSERT_EQ(order.size(), 20U * threads);
    for (std::size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(order[i], static_cast<int>(i));
    }
}

TEST(VirtualTimeTest, AMessageToAnotherHubComesBeforeTheNextDeadline) {
    const VirtualTime time;
    const HubRef here = this_hub();
    const TimePoint start = time.now();
    std::optional<VirtualTime::Hold> hold(std::in_place);
    std::thread other([&] {
        const VirtualTime same;
        hold.reset();
        for (int i = 0; i < 20; ++i) {
            // There and back takes no time at all.
            const TimePoint before = now();
            spawn(SpawnOptions{.hub = here}, [] { yield(); }).join();
            EXPECT_EQ(now(), before);
            sleep_for(1s);
        }
    });
    sleep_for(20s);
    sleep_for(1s);
    EXPECT_EQ(time.now() - start, 21s);
    other.join();
}

TEST(VirtualTimeTest, RealDescriptorsAreServedBeforeTimeMoves) {
    const VirtualTime time;
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    impl::Descriptor reader{impl::UniqueFd(pair[0])};
    const impl::UniqueFd writer(pair[1]);
    const TimePoint start = time.now();
    int rounds = 0;
    auto echo = spawn([&] {
        char byte = 0;
        Deadline limit = 1s;
        while (impl::recv(reader, &byte, 1, limit).size == 1) {
            ++rounds;
            limit = 1s;
        }
        return time.now();
    });
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(write(writer.get(), "x", 1), 1);
        yield();
    }
    EXPECT_EQ(echo.get() - start, 1s) << "the timeout, once nothing comes any more";
    EXPECT_EQ(rounds, 10);
}

TEST(VirtualTimeTest, AnInjectedEventWakesTheWaiterOnce) {
    VirtualTime time;
    constexpr int number = 987654;  // no descriptor
    impl::Descriptor descriptor{impl::UniqueFd(number)};
    std::string order;
    auto reader = spawn([&] {
        Deadline limit = never;
        EXPECT_EQ(impl::wait_readable(descriptor, limit), 0);
        order += "read ";
        limit = 1s;
        EXPECT_EQ(impl::wait_readable(descriptor, limit), ETIMEDOUT);
        order += "once ";
    });
    auto writer = spawn([&] {
        Deadline limit = never;
        EXPECT_EQ(impl::wait_writable(descriptor, limit), 0);
        order += "write ";
    });
    wait_all_parked();
    auto& poller = static_cast<impl::VirtualPoller&>(impl::Hub::current()->poller());
    EXPECT_TRUE(poller.watched(number, false));
    EXPECT_TRUE(poller.watched(number, true));
    EXPECT_EQ(order, "");
    time.make_writable(number);
    wait_all_parked();
    EXPECT_EQ(order, "write ");
    time.make_readable(number);
    wait_all_parked();
    EXPECT_EQ(order, "write read ");
    reader.join();
    EXPECT_EQ(order, "write read once ");
    static_cast<void>(descriptor.release().release());
}

TEST(VirtualTimeTest, AThreadThatHasAHubAlreadyIsACallersBug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(run([] { const VirtualTime time; }), "this thread has a hub already");
}

class WaitAllParked : public test::HubTest {};
INSTANTIATE_TEST_SUITE_P(, WaitAllParked, ::testing::Values(test::Clock::virtual_time, test::Clock::libev),
                         ::testing::PrintToStringParamName());

// CONFORMANCE 73
TEST_P(WaitAllParked, ReturnsWhenAllOthersWaitWithoutLettingTimePass) {
    std::string order;
    auto chain = spawn([&] {
        for (int i = 0; i < 200; ++i) {
            yield();
        }
        spawn([&] { order += "deep "; }).join();
        order += "parked";
        sleep_for(1h);
    });
    const TimePoint before = now();
    wait_all_parked();
    EXPECT_EQ(order, "deep parked");
    if (on_virtual_time()) {
        EXPECT_EQ(now(), before);
    }
    wait_all_parked();  // again, with nothing to do
}

TEST_P(WaitAllParked, SeesEventsThatHaveComeAlready) {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    impl::Descriptor reader{impl::UniqueFd(pair[0])};
    const impl::UniqueFd writer(pair[1]);
    int rounds = 0;
    auto fiber = spawn([&] {
        char byte = 0;
        Deadline limit = never;
        while (impl::recv(reader, &byte, 1, limit).size == 1) {
            ++rounds;
        }
    });
    for (int i = 1; i <= 5; ++i) {
        EXPECT_EQ(write(writer.get(), "x", 1), 1);
        wait_all_parked();
        EXPECT_EQ(rounds, i);
    }
    fiber.cancel();
}

TEST(WaitAllParkedThread, OnAThreadWithoutAHubReturnsAtOnce) {
    std::thread([] { wait_all_parked(); }).join();
}

}  // namespace
}  // namespace weft::testing
