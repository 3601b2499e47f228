// The hub: whose turn it is, hubs in several threads, what happens when one cannot be made or cannot poll.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/dump.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "base/sys.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Turns);

// CONFORMANCE 66
TEST_P(Turns, TwoFibersThatYieldAlternate) {
    std::string order;
    const auto body = [&](char name) {
        return [&order, name] {
            for (int i = 0; i < 200; ++i) {
                order += name;
                i % 2 == 0 ? yield() : sleep_for(0ms);
            }
        };
    };
    auto a = spawn(body('a'));
    auto b = spawn(body('b'));
    a.join();
    b.join();
    for (std::size_t i = 0; i < order.size(); ++i) {
        ASSERT_EQ(order[i], i % 2 == 0 ? 'a' : 'b') << i;
    }
}

TEST_P(Turns, YieldWithNothingElseReadyReturnsAtOnce) {
    for (int i = 0; i < 1000; ++i) {
        yield();
    }
}

TEST_P(Turns, SleepersWakeInTheOrderOfTheirDeadlinesAndEqualOnesInTheOrderOfSleeping) {
    std::string order;
    std::vector<Fiber<>> fibers;
    const TimePoint start = now();
    const auto sleeper = [&](char name, Duration length) {
        fibers.push_back(spawn([&order, name, until = start + length] {
            sleep_until(until);
            EXPECT_GE(now(), until) << "never early";
            order += name;
        }));
    };
    sleeper('d', 9ms);
    sleeper('b', 6ms);
    sleeper('a', 3ms);
    sleeper('c', 6ms);
    sleeper('e', 9ms);
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(order, "abcde" + std::string()) << "a, then b before c, then d before e";
}

TEST_P(Turns, ATimePointInThePastIsLikeAYield) {
    std::string order;
    auto other = spawn([&] { order += "other "; });
    sleep_until(TimePoint{});
    order += "main";
    EXPECT_EQ(order, "other main");
}

// CONFORMANCE 100
TEST_P(Turns, WorkBeforeASleepDoesNotShortenIt) {
    if (!on_virtual_time()) {
        const TimePoint busy_until = std::chrono::steady_clock::now() + 5ms;
        while (std::chrono::steady_clock::now() < busy_until) {
        }
    } else {
        virtual_time().advance(1h);
    }
    const TimePoint before = now();
    sleep_for(3ms);
    EXPECT_GE(now() - before, 3ms);
    if (on_virtual_time()) {
        EXPECT_EQ(now() - before, 3ms);
    }
}

TEST_P(Turns, TimeoutsThatDoNotFireLeaveNothingBehind) {
    auto sleeper = spawn([] { sleep_for(1000h); });
    yield();
    impl::TimerQueue& timers = impl::Hub::current()->timers();
    const std::size_t armed = timers.size();
    for (int i = 0; i < 20000; ++i) {
        auto fiber = spawn([] {});
        i % 2 == 0 ? fiber.join(std::chrono::seconds(i + 1))
                   : fail_after(std::chrono::seconds(i + 1), [&] { fiber.join(); });
    }
    EXPECT_EQ(timers.size(), armed);
    EXPECT_LT(timers.bytes(), std::size_t{2} << 20);
}

TEST_P(Turns, ErrnoIsTheFibersOwn) {
    const auto body = [](int value) {
        return [value] {
            for (int i = 0; i < 10; ++i) {
                errno = value + i;
                i % 2 == 0 ? yield() : sleep_for(1ms);
                EXPECT_EQ(errno, value + i);
            }
        };
    };
    auto a = spawn(body(1));
    auto b = spawn(body(100));
    a.join();
    b.join();
}

TEST_P(Turns, EachFiberHandlesItsOwnException) {
    const auto body = [](int number) {
        return [number] {
            for (int i = 0; i < 5; ++i) {
                try {
                    yield();
                    throw std::runtime_error(std::to_string(number));
                } catch (const std::runtime_error&) {
                    yield();
                    try {
                        throw;
                    } catch (const std::runtime_error& again) {
                        EXPECT_EQ(again.what(), std::to_string(number));
                        sleep_for(1ms);
                    }
                }
                EXPECT_EQ(std::current_exception(), nullptr);
                EXPECT_EQ(std::uncaught_exceptions(), 0);
            }
        };
    };
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 10; ++i) {
        fibers.push_back(spawn(body(i)));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
}

TEST_P(Turns, AFibersUncaughtExceptionsAreCountedAcrossItsWaits) {
    struct Waits {
        std::vector<int>& seen;
        ~Waits() {
            seen.push_back(std::uncaught_exceptions());
            sleep_for(1ms);
            seen.push_back(std::uncaught_exceptions());
        }
    };
    std::vector<int> seen;
    auto fiber = spawn([&] {
        try {
            const Waits waits{seen};
            throw std::runtime_error("unwinding");
        } catch (const std::runtime_error&) {
        }
    });
    auto other = spawn([] {
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(std::uncaught_exceptions(), 0);
            yield();
        }
    });
    fiber.get();
    other.get();
    EXPECT_EQ(seen, (std::vector<int>{1, 1}));
}

// CONFORMANCE 91
TEST_P(Turns, SubnormalNumbersStayWhatTheyAre) {
    const auto halved = [] {
        volatile double smallest = std::numeric_limits<double>::min();
        return smallest / 2;
    };
    EXPECT_EQ(std::fpclassify(spawn(halved).get()), FP_SUBNORMAL);
    EXPECT_EQ(std::fpclassify(halved()), FP_SUBNORMAL);
}

TEST_P(Turns, TheDumpNamesEachFiberAndWhatItWaitsFor) {
    auto sleeper = spawn(SpawnOptions{.name = "sleeper"}, [] { sleep_for(1h); });
    auto joiner = spawn(SpawnOptions{.name = "joiner"}, [&] { sleeper.join(); });
    testing::wait_all_parked();
    auto fresh = spawn(SpawnOptions{.name = "fresh"}, [] {});
    const std::string dump = dump_fibers();
    EXPECT_NE(dump.find("\"sleeper\": waits: sleep, deadline in 3"), std::string::npos) << dump;
    EXPECT_NE(dump.find("\"joiner\": waits: join fiber " + std::to_string(sleeper.id()) + " \"sleeper\""),
              std::string::npos)
        << dump;
    EXPECT_NE(dump.find("\"fresh\": not started"), std::string::npos) << dump;
    EXPECT_NE(dump.find("\"main\": ready or running"), std::string::npos) << dump;
    fresh.join();
    sleeper.kill();
}

TEST_P(Turns, RunReturnsTheFunctionsValueAndEndsWhatIsLeft) {
    bool ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    EXPECT_EQ(run([&] {
                  spawn_detached([&] {
                      const Note note{ended};
                      sleep_for(1h);
                  });
                  yield();
                  return 9;
              }),
              9);
    EXPECT_TRUE(ended);
    EXPECT_EQ(impl::Hub::current()->live_fibers, 0U);
}

TEST_P(Turns, RunThrowsWhatTheFunctionThrowsAfterEndingWhatIsLeft) {
    bool ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    EXPECT_THROW(run([&] {
                     spawn_detached([&] {
                         const Note note{ended};
                         sleep_for(1h);
                     });
                     yield();
                     throw std::runtime_error("out");
                 }),
                 std::runtime_error);
    EXPECT_TRUE(ended);
}

TEST_P(Turns, FibersThatOutlastTheGracePeriodAreNamed) {
    const test::StderrCapture capture;
    FiberRef stubborn;
    bool may_end = false;
    run(RunOptions{.grace = 2ms}, [&] {
        spawn_detached(SpawnOptions{.name = "stubborn"}, [&] {
            stubborn = this_fiber();
            const Shield shield;
            while (!may_end) {
                sleep_for(200ms);
            }
        });
        yield();
    });
    may_end = true;
    EXPECT_EQ(capture.count("\"stubborn\": waits: sleep"), 1U) << capture.str();
    while (stubborn.alive()) {
        sleep_for(1ms);
    }
}

// --- real time: fairness between fibers that only switch, and the clock ---

// CONFORMANCE 67
TEST(FairnessReal, AnEndlessYieldLoopDoesNotKeepATimeoutFromFiring) {
    run([] {
        auto busy = spawn([] {
            for (;;) {
                yield();
            }
        });
        EXPECT_FALSE(move_on_after(5ms, [] { sleep_for(1h); }));
    });
}

// CONFORMANCE 68
TEST(FairnessReal, FibersThatWakeEachOtherDoNotKeepASleeperFromWaking) {
    run([] {
        auto ping_pong = spawn([] {
            for (;;) {
                spawn([] {}).join();
            }
        });
        sleep_for(5ms);
    });
}

// --- several hubs ---

// CONFORMANCE 172
TEST(Hubs, EachThreadHasItsOwnAndFibersStayWhereTheyAre) {
    constexpr int threads = 4;
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
        all.emplace_back([] {
            const auto here = std::this_thread::get_id();
            run([&] {
                std::vector<Fiber<>> fibers;
                for (int i = 0; i < 100; ++i) {
                    fibers.push_back(spawn([&] {
                        for (int k = 0; k < 5; ++k) {
                            EXPECT_EQ(std::this_thread::get_id(), here);
                            k % 2 == 0 ? yield() : sleep_for(1us);
                        }
                    }));
                }
                for (const auto& fiber : fibers) {
                    fiber.join();
                }
            });
        });
    }
    for (auto& thread : all) {
        thread.join();
    }
}

TEST(Hubs, IdsAreUniqueAcrossHubs) {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::thread([&] { first = run([] { return spawn([] { return this_fiber().id(); }).get(); }); }).join();
    std::thread([&] { second = run([] { return spawn([] { return this_fiber().id(); }).get(); }); }).join();
    EXPECT_NE(first, second);
}

TEST(Hubs, AFiberIsStartedOnTheHubThatIsNamed) {
    const test::Host host;
    const SpawnOptions there{.name = "guest", .hub = host.hub()};
    run([&] {
        auto fiber = spawn(there, [] { return std::this_thread::get_id(); });
        EXPECT_EQ(fiber.get(), host.id());
        EXPECT_EQ(fiber.name(), "guest");
        EXPECT_NE(fiber.id(), 0U);
        EXPECT_NE(spawn(there, [] {}).id(), fiber.id());
    });
}

TEST(Hubs, AThreadWithoutAHubStartsFibersElsewhereAndStaysWithout) {
    const test::Host host;
    std::thread([&] {
        auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [] { return std::this_thread::get_id(); });
        EXPECT_EQ(fiber.get(), host.id());
        EXPECT_EQ(impl::Hub::current(), nullptr);
    }).join();
}

// CONFORMANCE 70
TEST(Hubs, AFunctionThatIsPostedAndThrowsIsReportedAndTheNextOnesAreCalled) {
    const test::StderrCapture capture;
    const test::Host host;
    const SpawnOptions there{.hub = host.hub()};
    int calls = 0;
    for (int i = 0; i < 3; ++i) {
        spawn_detached(there, [] { throw std::runtime_error("in a posted function"); });
        spawn_detached(there, [&] { ++calls; });
    }
    spawn(there, [] {}).join();  // all that came before has run
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(capture.count("in a posted function"), 3U) << capture.str();
}

// CONFORMANCE 89
TEST(Hubs, WhatOneThreadPostsArrivesInOrderAtAnIdleHubAndStarvesNobodyThere) {
    const test::Host host;
    const SpawnOptions there{.hub = host.hub()};
    std::vector<int> order;
    auto sleeper = spawn(there, [] {
        for (int i = 0; i < 20; ++i) {
            sleep_for(10us);
        }
    });
    int posted = 0;
    while (posted < 100 || (!sleeper.ready() && posted < 10000)) {
        spawn_detached(there, [&order, posted] { order.push_back(posted); });
        ++posted;
    }
    spawn(there, [] {}).join();  // all that came before has run
    ASSERT_EQ(order.size(), static_cast<std::size_t>(posted));
    for (int i = 0; i < posted; ++i) {
        ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
    }
}

TEST(Hubs, AFiberOfAnotherHubIsKilledBeforeItStartsOrCancelledWhileItWaits) {
    const test::Host host;
    run([&] {
        auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); });
        fiber.kill();
        EXPECT_THROW(fiber.get(), FiberExit);
        auto other = spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); });
        other.cancel();
        EXPECT_THROW(other.get(), Cancelled);
        // The handle's destructor does the same.
        static_cast<void>(spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); }).valid());
    });
}

TEST(Hubs, AFiberWaitsForAFiberOfAnotherHubWithADeadline) {
    const test::Host host;
    run([&] {
        auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); });
        EXPECT_THROW(fiber.join(1ms), TimeoutError);
        EXPECT_FALSE(move_on_after(1ms, [&] { fiber.join(); }));
    });
}

// CONFORMANCE 76
TEST(Hubs, AWaitInTheLoopStopsTheProgramWithAMessageAndAYieldThereDoesNothing) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    struct Call : impl::InboxItem {
        explicit Call(std::function<void()> function) : fn(std::move(function)) {
            run = +[](InboxItem& item, impl::Hub&) noexcept { static_cast<Call&>(item).fn(); };
        }
        std::function<void()> fn;
    };
    run([] {
        std::string order;
        auto one = spawn([&] { order += "one "; });
        auto other = spawn([&] { order += "other "; });
        Call yields([&] {
            for (int i = 0; i < 200; ++i) {
                i % 2 == 0 ? yield() : sleep_for(0ms);
            }
            order += "loop ";
        });
        impl::Hub::current()->post(yields);
        one.join();
        other.join();
        EXPECT_EQ(order, "loop one other ");
    });
    EXPECT_DEATH(run([] {
                     Call sleeps([] { sleep_for(1us); });
                     impl::Hub::current()->post(sleeps);
                     sleep_for(1ms);
                 }),
                 "a call that waits was made from the hub's own context");
}

TEST(Hubs, OneThatCannotBeMadeIsAnExceptionAndLaterOneCan) {
    std::thread([] {
        {
            const impl::SysOverride full(
                &impl::Sys::eventfd, +[](unsigned, int) {
                    errno = EMFILE;
                    return -1;
                });
            try {
                static_cast<void>(spawn([] {}));
                ADD_FAILURE() << "there are no descriptors";
            } catch (const std::system_error& error) {
                EXPECT_EQ(error.code(), std::errc::too_many_files_open);
            }
            EXPECT_THROW(run([] {}), std::system_error);
        }
        EXPECT_EQ(run([] { return spawn([] { return 1; }).get(); }), 1);
    }).join();
}

TEST(Hubs, AtTheDescriptorLimitAHubIsAnException) {
    std::thread([] {
        rlimit before{};
        ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
        for (const rlim_t spare : {rlim_t{0}, rlim_t{1}}) {
            // What is open already stays open; `spare` more may be opened.
            const int lowest = dup(0);
            ASSERT_GE(lowest, 0);
            close(lowest);
            rlimit tight = before;
            tight.rlim_cur = static_cast<rlim_t>(lowest) + spare;
            ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
            EXPECT_THROW(static_cast<void>(spawn([] {})), std::system_error) << spare;
            ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
        }
        EXPECT_EQ(spawn([] { return 1; }).get(), 1);
    }).join();
}

// CONFORMANCE 88
TEST(Hubs, APollThatFailsIsRaisedInMainAndNotSpunOn) {
    static int calls = 0;
    calls = 0;
    run([] {
        auto other = spawn([] { sleep_for(1h); });
        const auto refuse = +[](int, epoll_event*, int, const timespec*, const sigset_t*) {
            ++calls;
            errno = EBADF;
            return -1;
        };
        const impl::SysOverride broken(&impl::Sys::epoll_pwait2, refuse);
        const impl::SysOverride broken_too(
            &impl::Sys::epoll_wait, +[](int, epoll_event*, int, int) {
                ++calls;
                errno = EBADF;
                return -1;
            });
        EXPECT_THROW(sleep_for(1h), std::system_error);
        EXPECT_THROW(other.join(), std::system_error) << "each time that main waits";
        EXPECT_LE(calls, 4);
    });
}

TEST(Hubs, AnIdleHubDoesNotWakeUp) {
    static int calls = 0;
    static int timeout = 0;
    static FiberRef idle;
    calls = 0;
    const impl::SysOverride counted(
        &impl::Sys::epoll_wait, +[](int, epoll_event*, int, int timeout_ms) {
            ++calls;
            timeout = timeout_ms;
            idle.cancel();  // or the test would wait for ever, as the hub does
            return 0;
        });
    run([] {
        ++impl::Hub::current()->outside_waits;  // no deadlock: somebody might come
        auto fiber = spawn([] { sleep_until(TimePoint::max()); });
        idle = fiber.ref();
        EXPECT_THROW(fiber.get(), Cancelled);
        --impl::Hub::current()->outside_waits;
    });
    EXPECT_EQ(timeout, -1) << "without a limit, not even libev's own";
    EXPECT_EQ(calls, 1);
}

TEST(Hubs, RunWithinAFiberIsACallersBug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(run([] { spawn([] { run([] {}); }).join(); }), "weft::run is called from within fiber");
}

}  // namespace
}  // namespace weft
