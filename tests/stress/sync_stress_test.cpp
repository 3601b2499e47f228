// Synchronisation between hubs and plain threads: no wake-up is lost, nothing is touched after its end. Written for the
// thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>

#include "core/wait_any.hpp"
#include "support/host.hpp"
#include "support/parties.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// CONFORMANCE 121
TEST(SyncStress, HubsAndThreadsDuelForOneMutexAlsoWithLimits) {
    Mutex mutex;
    long locked = 0;
    std::atomic<long> expected{0};
    in_parties([&](int party) {
        for (int i = 0; i < rounds; ++i) {
            if ((party + i) % 3 == 0) {
                if (mutex.try_lock_for(std::chrono::microseconds(i % 50))) {
                    ++locked;
                    ++expected;
                    mutex.unlock();
                }
                continue;
            }
            const std::lock_guard guard(mutex);
            ++locked;
            ++expected;
            if (i % 16 == 0) {
                yield();
            }
        }
    });
    EXPECT_EQ(locked, expected);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
}

TEST(SyncStress, UnitsOfASemaphoreAreNeitherLostNorMade) {
    constexpr int units = 3;
    Semaphore semaphore(units, units);
    std::atomic<int> held{0};
    in_parties([&](int party) {
        for (int i = 0; i < rounds; ++i) {
            const bool limited = (party + i) % 3 == 0;
            if (limited && !semaphore.try_acquire_for(std::chrono::microseconds(i % 30))) {
                continue;
            }
            if (!limited) {
                semaphore.acquire();
            }
            EXPECT_LE(++held, units);
            if (i % 4 == 0) {
                yield();
            }
            --held;
            semaphore.release();
        }
    });
    EXPECT_EQ(semaphore.available(), static_cast<std::uint32_t>(units));
}

TEST(SyncStress, AnEventIsDestroyedByItsWaiterWhileTheSetterIsStillInSet) {
    const Host host;
    const auto body = [&] {
        for (int i = 0; i < rounds; ++i) {
            auto event = std::make_unique<Event>();
            Event* shared = event.get();
            spawn_detached(SpawnOptions{.hub = host.hub()}, [shared] { shared->set(); });
            event->wait();
            event.reset();
        }
    };
    std::thread with_hub([&] { run(body); });
    body();
    with_hub.join();
}

TEST(SyncStress, ASemaphoreAndAMutexAreDestroyedByTheirLastUser) {
    const Host host;
    const auto body = [&] {
        struct Shared {
            Semaphore semaphore{0};
            Mutex mutex;
            int uses = 2;
        };
        for (int i = 0; i < rounds; ++i) {
            auto* shared = new Shared;
            const auto leave = [shared] {
                shared->mutex.lock();
                const bool last = --shared->uses == 0;
                shared->mutex.unlock();
                if (last) {
                    delete shared;
                }
            };
            spawn_detached(SpawnOptions{.hub = host.hub()}, [shared, leave] {
                shared->semaphore.release();
                leave();
            });
            shared->semaphore.acquire();
            leave();
        }
    };
    std::thread with_hub([&] { run(body); });
    body();
    with_hub.join();
}

TEST(SyncStress, LimitsRaceSetsAndResets) {
    Event event;
    std::atomic<bool> more{true};
    std::atomic<int> woken{0};
    std::thread setter([&] {
        while (more) {
            event.set();
            event.reset();
            std::this_thread::yield();
        }
    });
    in_parties([&](int) {
        for (int i = 0; i < rounds; ++i) {
            try {
                event.wait(std::chrono::microseconds(i % 40));
                ++woken;
            } catch (const TimeoutError&) {
            }
        }
    });
    more = false;
    setter.join();
    EXPECT_GT(woken, 0);
}

TEST(SyncStress, ABoundedQueueOverConditionVariablesDeliversEverythingOnce) {
    Mutex mutex;
    ConditionVariable filled;
    ConditionVariable emptied;
    std::vector<int> queue;
    std::atomic<long> received{0};
    std::atomic<long> sent{0};
    in_parties([&](int party) {
        for (int i = 0; i < rounds; ++i) {
            std::unique_lock lock(mutex);
            if (party % 2 == 0) {
                emptied.wait(lock, [&] { return queue.size() < 4; });
                queue.push_back(i);
                sent += i;
                filled.notify_one();
            } else {
                while (!filled.wait_for(lock, std::chrono::microseconds(20 + i % 100),
                                        [&] { return !queue.empty(); })) {
                }
                received += queue.back();
                queue.pop_back();
                emptied.notify_one();
            }
        }
    });
    EXPECT_EQ(received, sent);
    EXPECT_TRUE(queue.empty());
}

TEST(SyncStress, KillsRaceHandOversAndNothingIsLost) {
    const Host host;
    Semaphore semaphore(0);
    int got = 0;
    Mutex mutex;
    constexpr int waiters = 200;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < waiters; ++i) {
        fibers.push_back(spawn(SpawnOptions{.hub = host.hub()}, [&] {
            semaphore.acquire();
            const std::lock_guard guard(mutex);
            ++got;
        }));
    }
    std::thread giver([&] {
        for (int i = 0; i < waiters; ++i) {
            semaphore.release();
        }
    });
    for (int i = 0; i < waiters; i += 2) {
        fibers[static_cast<std::size_t>(i)].kill();
    }
    giver.join();
    int ended_early = 0;
    for (auto& fiber : fibers) {
        try {
            fiber.get();
        } catch (const FiberExit&) {
            ++ended_early;
        }
    }
    // A fiber that was killed while it waited for the mutex had its unit already.
    EXPECT_EQ(got + ended_early, waiters);
    EXPECT_LE(semaphore.available(), static_cast<std::uint32_t>(ended_early));
}

TEST(SyncStress, OneOfSeveralIsTakenAndTheOthersKeepWhatTheyHave) {
    std::array<std::unique_ptr<Semaphore>, 3> semaphores;
    for (auto& each : semaphores) {
        each = std::make_unique<Semaphore>(0);
    }
    std::atomic<long> taken{0};
    std::atomic<long> given{0};
    const auto total = [&] {
        long left = 0;
        for (const auto& each : semaphores) {
            left += each->available();
        }
        return left;
    };
    std::atomic<bool> more{true};
    std::vector<std::thread> givers;
    for (auto& each : semaphores) {
        givers.emplace_back([&, at = each.get()] {
            while (more) {
                ++given;
                at->release();
                std::this_thread::yield();
            }
        });
    }
    in_parties([&](int party) {
        for (int i = 0; i < rounds; ++i) {
            std::array choices{impl::Choice(*semaphores[0]), impl::Choice(*semaphores[1]),
                               impl::Choice(*semaphores[2])};
            Deadline deadline = (party + i) % 3 == 0 ? Deadline(std::chrono::microseconds(i % 20)) : never;
            try {
                EXPECT_LT(impl::wait_any(choices, deadline), semaphores.size());
                ++taken;
            } catch (const TimeoutError&) {
            }
        }
    });
    more = false;
    for (auto& giver : givers) {
        giver.join();
    }
    EXPECT_EQ(taken + total(), given);
}

}  // namespace
}  // namespace weft::test
