// Many threads at one hub, and hubs at each other: nothing is lost, nothing is touched after its end. Written for the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr int threads = 4;
constexpr int rounds = 500;

template <class Body>
void in_threads(int count, Body body) {
    std::vector<std::thread> all;
    for (int t = 0; t < count; ++t) {
        all.emplace_back([&body, t] { body(t); });
    }
    for (auto& thread : all) {
        thread.join();
    }
}

TEST(ThreadStress, PlainThreadsStartAndJoinFibersOfOneHub) {
    const Host host;
    std::atomic<int> ran{0};
    in_threads(threads, [&](int) {
        for (int i = 0; i < rounds; ++i) {
            auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [&, i] {
                ++ran;
                return i;
            });
            EXPECT_EQ(fiber.get(), i);
        }
    });
    EXPECT_EQ(ran, threads * rounds);
}

TEST(ThreadStress, HubsStartAndJoinFibersOfEachOther) {
    std::vector<std::unique_ptr<Host>> hosts;
    for (int t = 0; t < threads; ++t) {
        hosts.push_back(std::make_unique<Host>());
    }
    in_threads(threads, [&](int t) {
        run([&] {
            std::vector<Fiber<int>> fibers;
            for (int i = 0; i < rounds; ++i) {
                const auto& host = hosts[static_cast<std::size_t>(t + i) % threads];
                fibers.push_back(spawn(SpawnOptions{.hub = host->hub()}, [i] {
                    if (i % 3 == 0) {
                        yield();
                    }
                    return i;
                }));
            }
            for (int i = 0; i < rounds; ++i) {
                EXPECT_EQ(fibers[static_cast<std::size_t>(i)].get(), i);
            }
        });
    });
}

TEST(ThreadStress, JoinersWithDeadlinesRaceTheEnd) {
    const Host host;
    in_threads(threads, [&](int t) {
        const auto body = [&] {
            for (int i = 0; i < rounds; ++i) {
                auto fiber = spawn(SpawnOptions{.hub = host.hub()},
                                   [i] { sleep_for(std::chrono::microseconds(i % 50)); });
                try {
                    fiber.join(std::chrono::microseconds(i % 60));
                } catch (const TimeoutError&) {
                }
                fiber.join();
            }
        };
        // Half of them on hubs, half on plain threads.
        t % 2 == 0 ? run(body) : body();
    });
}

TEST(ThreadStress, KillCancelAndReferencesRaceTheEnd) {
    const Host host;
    in_threads(threads, [&](int t) {
        for (int i = 0; i < rounds; ++i) {
            auto fiber = spawn(SpawnOptions{.name = "victim", .hub = host.hub()}, [i] {
                if (i % 2 == 0) {
                    sleep_for(std::chrono::microseconds(i % 40));
                }
            });
            const FiberRef ref = fiber.ref();
            switch ((i + t) % 4) {
                case 0:
                    fiber.kill();
                    break;
                case 1:
                    fiber.cancel();
                    break;
                case 2:
                    ref.kill(std::make_exception_ptr(FiberExit{}));
                    break;
                default:
                    ref.cancel();
                    break;
            }
            static_cast<void>(ref.alive());
            fiber.join();
            EXPECT_FALSE(ref.alive());
            EXPECT_EQ(ref.name(), "victim");
        }
    });
}

TEST(ThreadStress, HandlesAreDestroyedWhereverTheyAre) {
    const Host host;
    in_threads(threads, [&](int t) {
        for (int i = 0; i < rounds; ++i) {
            auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [i] {
                if (i % 3 != 0) {
                    sleep_for(i % 3 == 1 ? Duration(1us) : Duration(1h));
                }
            });
            if (i % 4 == t) {
                fiber.detach();
                if (i % 3 == 2) {
                    spawn(SpawnOptions{.hub = host.hub()}, [] {}).join();
                }
            }
        }
    });
}

TEST(ThreadStress, SeveralThreadsGetOneResultAndOneError) {
    const Host host;
    for (int i = 0; i < 50; ++i) {
        auto value = spawn(SpawnOptions{.hub = host.hub()}, [i] {
            yield();
            return i;
        });
        auto error = spawn(SpawnOptions{.hub = host.hub()}, []() -> int {
            yield();
            throw std::runtime_error("for all");
        });
        in_threads(threads, [&](int t) {
            const auto body = [&] {
                EXPECT_EQ(value.get(), i);
                EXPECT_THROW(error.get(), std::runtime_error);
            };
            t % 2 == 0 ? run(body) : body();
        });
    }
}

TEST(ThreadStress, FibersAreStartedAtHubsThatEnd) {
    for (int i = 0; i < 100; ++i) {
        std::atomic<bool> has_hub{false};
        HubRef there;
        std::thread ending([&] {
            run([&] {
                there = this_hub();
                has_hub = true;
                has_hub.notify_all();
                for (int k = 0; k < i % 20; ++k) {
                    sleep_for(1us);
                }
            });
        });
        has_hub.wait(false);
        in_threads(2, [&](int) {
            try {
                for (;;) {
                    auto fiber = spawn(SpawnOptions{.hub = there}, [] { yield(); });
                    fiber.join();  // ended, or cancelled: but never for ever
                }
            } catch (const std::invalid_argument&) {
            }
        });
        ending.join();
    }
}

TEST(ThreadStress, AWakeStormReachesEverySleeper) {
    const Host host;
    constexpr int sleepers = 200;
    std::vector<Fiber<>> fibers;
    std::atomic<int> waiting{0};
    std::atomic<int> woken{0};
    for (int i = 0; i < sleepers; ++i) {
        fibers.push_back(spawn(SpawnOptions{.hub = host.hub()}, [&] {
            ++waiting;
            try {
                sleep_until(TimePoint::max());
            } catch (const FiberExit&) {
                ++woken;
            }
        }));
    }
    while (waiting != sleepers) {
        std::this_thread::yield();
    }
    in_threads(threads, [&](int t) {
        for (int i = t; i < sleepers; i += threads) {
            fibers[static_cast<std::size_t>(i)].kill();
        }
    });
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(woken, sleepers);
}

// --- size ---

TEST(ManyFibersHuge, AHundredThousandAreParkedAndWoken) {
    constexpr int count = 100'000;
    run([&] {
        int woken = 0;
        auto gate = spawn([] { sleep_until(TimePoint::max()); });
        std::vector<Fiber<>> fibers;
        fibers.reserve(count);
        for (int i = 0; i < count; ++i) {
            fibers.push_back(spawn(SpawnOptions{.stack_size = 16 * 1024}, [&] {
                gate.join();
                ++woken;
            }));
        }
        yield();
        EXPECT_EQ(woken, 0);
        gate.kill();
        for (const auto& fiber : fibers) {
            fiber.join();
        }
        EXPECT_EQ(woken, count);
    });
}

TEST(ManyFibersHuge, AHundredThousandSleepersWakeInOrder) {
    constexpr int count = 100'000;
    const testing::VirtualTime time;
    const TimePoint start = now();
    TimePoint last{};
    int woken = 0;
    std::vector<Fiber<>> fibers;
    fibers.reserve(count);
    std::uint64_t random = 88172645463325252U;
    for (int i = 0; i < count; ++i) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        fibers.push_back(spawn(SpawnOptions{.stack_size = 16 * 1024},
                               [&, until = start + Duration(random % 60'000'000'000)] {
                                   sleep_until(until);
                                   EXPECT_GE(now(), until);
                                   EXPECT_GE(until, last);
                                   last = until;
                                   ++woken;
                               }));
    }
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(woken, count);
    EXPECT_LE(now() - start, 60s) << "no more time has passed than they asked for";
}

}  // namespace
}  // namespace weft::test
