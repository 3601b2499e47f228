// Task groups and scopes under cancellation from other threads. Written for the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/cancel_scope.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/sync/semaphore.hpp>

#include "support/host.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 100;

struct Counted {
    explicit Counted(std::atomic<int>& all) : count(all) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    std::atomic<int>& count;
};

TEST(GroupStress, MembersOnTwoHubsAreCancelledByAThread) {
    const Host host;
    std::atomic<int> alive{0};
    run([&] {
        for (int i = 0; i < rounds; ++i) {
            TaskGroup group;
            std::thread canceller([&] { group.cancel(); });
            group.run([&] {
                for (int m = 0; m < 8; ++m) {
                    group.spawn(SpawnOptions{.hub = m % 2 == 0 ? host.hub() : this_hub()}, [&] {
                        const Counted counted(alive);
                        sleep_for(1h);
                    });
                }
            });
            EXPECT_EQ(alive, 0);
            canceller.join();
        }
    });
}

TEST(GroupStress, FailuresOnTwoHubsAreAllCollected) {
    const Host host;
    std::atomic<int> alive{0};
    run([&] {
        for (int i = 0; i < rounds; ++i) {
            std::atomic<std::size_t> thrown{0};
            try {
                task_group([&](TaskGroup& group) {
                    for (int m = 0; m < 8; ++m) {
                        group.spawn(SpawnOptions{.hub = m % 2 == 0 ? host.hub() : this_hub()}, [&, m] {
                            const Counted counted(alive);
                            try {
                                sleep_for(std::chrono::microseconds(m * 5));
                            } catch (const Cancelled&) {
                                ++thrown;
                                throw std::runtime_error("clean-up");
                            }
                            ++thrown;
                            throw std::runtime_error("first");
                        });
                    }
                });
                ADD_FAILURE();
            } catch (const ExceptionGroup& group) {
                EXPECT_EQ(group.exceptions().size(), thrown);
            }
            EXPECT_EQ(alive, 0);
        }
    });
}

TEST(GroupStress, CancellationRacesTheEndOfItsScope) {
    run([] {
        for (int i = 0; i < rounds; ++i) {
            CancelScope scope;
            Semaphore semaphore(0);
            int got = 0;
            std::thread thread([&] {
                semaphore.release();
                scope.cancel();
            });
            const bool whole = scope.run([&] {
                semaphore.acquire();
                ++got;
            });
            EXPECT_EQ(whole, got == 1) << "either the unit or the cancellation";
            thread.join();
            EXPECT_EQ(semaphore.available(), whole ? 0U : 1U);
        }
    });
}

TEST(GroupStress, ATokenOfAnotherThreadRacesTheEndOfItsScope) {
    run([] {
        for (int i = 0; i < rounds; ++i) {
            std::jthread thread([i](const std::stop_token& own) {
                while (!own.stop_requested()) {
                    std::this_thread::yield();
                }
                static_cast<void>(i);
            });
            const std::stop_source source = thread.get_stop_source();
            CancelScope scope(source.get_token());
            std::thread stopper([stop = source]() mutable { stop.request_stop(); });
            scope.run([&] {
                for (int turns = 0; turns < i; ++turns) {
                    yield();
                }
            });
            stopper.join();
        }
    });
}

TEST(GroupStress, AMemberIsStartedOnReadinessWhileItsGroupIsCancelled) {
    run([] {
        for (int i = 0; i < rounds; ++i) {
            TaskGroup group;
            std::thread canceller([&] { group.cancel(); });
            group.run([&] {
                for (;;) {
                    const int value = group.start<int>([](Started<int>& started) {
                        yield();
                        started(1);
                    });
                    EXPECT_EQ(value, 1);
                }
            });
            canceller.join();
        }
    });
}

}  // namespace
}  // namespace weft::test
