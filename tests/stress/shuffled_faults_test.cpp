// Faults, in whatever order ready fibers run: what throws, ends, closes or is stopped at an awkward moment harms nobody else.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/channel/channel.hpp>
#include <weft/channel/errors.hpp>
#include <weft/channel/mailbox.hpp>
#include <weft/channel/select.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/scope/exception_group.hpp>
#include <weft/scope/scope.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/scope/timeout.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/hub.hpp"
#include "support/child.hpp"
#include "support/host.hpp"
#include "support/shuffled.hpp"
#include "support/stderr_capture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

/// Lets others run so many times.
void yield_times(Random::result_type turns) {
    for (; turns > 0; --turns) {
        yield();
    }
}

// --- what the program throws ---

TEST(ShuffledFaults, ALinkThatThrowsIsReportedAndAllAreCalledOnceAndInTheOrderOfAdding) {
    under_all_seeds([](Random& random) {
        const StderrCapture printed;
        auto target = spawn([] {
            yield();
            return 5;
        });
        std::vector<int> added;
        std::vector<int> called;
        std::size_t thrown = 0;
        // They come before the end, after it, and while others are being called.
        std::vector<Fiber<>> adders;
        for (int i = 0; i < 6; ++i) {
            adders.push_back(spawn([&, i, late = random() % 5, what = random() % 4] {
                yield_times(late);
                added.push_back(i);
                target.link([&, i, what](const FiberOutcome& outcome) {
                    called.push_back(i);
                    EXPECT_EQ(outcome.exception, nullptr);
                    yield_times(what / 2);
                    if (what % 2 != 0) {
                        ++thrown;
                        throw std::runtime_error("a bad link");
                    }
                });
            }));
        }
        join_all_of(adders);
        testing::wait_all_parked();
        EXPECT_EQ(called, added);
        EXPECT_EQ(printed.count("has a link that threw: std::runtime_error: a bad link"), thrown)
            << printed.str();
        EXPECT_EQ(target.get(), 5);
    });
}

/// Throws in its destructor and handles that there, with waits before, between and after; what it makes in there does the same.
class FailsInside {
public:
    FailsInside(std::string name, int in_flight, int depth, int& handled)
        : name_(std::move(name)), in_flight_(in_flight), depth_(depth), handled_(handled) {}
    FailsInside(const FailsInside&) = delete;
    FailsInside& operator=(const FailsInside&) = delete;
    ~FailsInside() {
        wait();
        try {
            std::optional<FailsInside> inner;
            if (depth_ > 0) {
                inner.emplace(name_ + "'", in_flight_ + 1, depth_ - 1, handled_);
            }
            throw std::runtime_error(name_);
        } catch (const std::runtime_error& error) {
            wait();
            EXPECT_EQ(error.what(), name_) << "its own, whatever others have caught meanwhile";
            EXPECT_NE(std::current_exception(), nullptr);
            ++handled_;
        }
        wait();
    }

private:
    void wait() const {
        EXPECT_EQ(std::uncaught_exceptions(), in_flight_);
        yield();
        EXPECT_EQ(std::uncaught_exceptions(), in_flight_);
    }

    std::string name_;
    int in_flight_;
    int depth_;
    int& handled_;
};

TEST(ShuffledFaults, DestructorsThatThrowInsideWhileTheirFibersUnwindDisturbNeitherThemNorEachOther) {
    under_all_seeds([](Random& random) {
        struct Play {
            bool unwinds;
            bool started = false;
            int handled = 0;
        };
        std::array<Play, 4> plays{};
        std::vector<Fiber<>> fibers;
        std::vector<Fiber<>> stoppers;
        for (std::size_t i = 0; i < plays.size(); ++i) {
            plays[i].unwinds = random() % 4 != 0;
            fibers.push_back(spawn([&play = plays[i], i, sleeps = random() % 2] {
                play.started = true;
                const FailsInside outer(std::to_string(i), play.unwinds ? 1 : 0, 2, play.handled);
                yield();
                if (play.unwinds && sleeps != 0) {
                    sleep_for(1h);
                }
                if (play.unwinds) {
                    throw std::logic_error("of the fiber");
                }
            }));
            // Twice, and the second one often comes in the middle of the destructors. A fiber that ends as it should is spared: it
            // would have to shield itself.
            for (int twice = 0; plays[i].unwinds && twice < 2; ++twice) {
                stoppers.push_back(spawn([&, i, turns = random() % 10, kills = random() % 2] {
                    yield_times(turns);
                    kills != 0 ? fibers[i].kill() : fibers[i].cancel();
                }));
            }
        }
        join_all_of(fibers);
        join_all_of(stoppers);
        for (std::size_t i = 0; i < plays.size(); ++i) {
            EXPECT_EQ(plays[i].handled, plays[i].started ? 3 : 0);
            EXPECT_EQ(fibers[i].exception() != nullptr, plays[i].unwinds);
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
}

TEST(ShuffledFaults, AConditionsPredicateThatThrowsHoldsTheMutexAndCostsNobodyItsItem) {
    under_all_seeds([](Random& random) {
        Mutex mutex;
        ConditionVariable changed;
        int items = 0;
        bool over = false;
        std::vector<Fiber<>> takers;
        std::vector<Fiber<>> throwers;
        for (int i = 0; i < 3; ++i) {
            takers.push_back(spawn([&] {
                std::unique_lock lock(mutex);
                changed.wait(lock, [&] { return items > 0; });
                --items;
            }));
            throwers.push_back(spawn([&] {
                std::unique_lock lock(mutex);
                try {
                    changed.wait(lock,
                                 [&] { return items > 0 ? throw std::runtime_error("not mine") : over; });
                } catch (const std::runtime_error&) {
                    EXPECT_TRUE(lock.owns_lock() && !mutex.try_lock());
                    changed.notify_one();  // what it has been told is news for another one
                }
            }));
        }
        for (int item = 0; item < 3; ++item) {
            {
                const std::scoped_lock lock(mutex);
                ++items;
                changed.notify_one();
                yield_times(random() % 2);
            }
            yield_times(random() % 2);
        }
        join_all_of(takers);
        EXPECT_EQ(items, 0);
        over = true;
        changed.notify_all();
        join_all_of(throwers);
        ASSERT_TRUE(mutex.try_lock());
        mutex.unlock();
    });
}

TEST(ShuffledFaults, AMailboxsPredicateThatThrowsTakesNothingAndTheLettersKeepTheirOrder) {
    under_all_seeds([](Random& random) {
        constexpr int letters = 12;
        Mailbox<int> box;
        std::vector<Fiber<>> senders;
        for (int first = 0; first < letters; first += 4) {
            senders.push_back(spawn([&, first] {
                for (int letter = first; letter < first + 4; ++letter) {
                    box.send(letter);
                    yield();
                }
            }));
        }
        std::array<std::size_t, letters> places{};  // when each has been taken, from 1
        for (std::size_t taken = 0; taken < letters;) {
            // Now one kind, now the other; it often fails on its way there, and where there is none it gives up.
            const auto wanted = [&, kind = static_cast<int>(random() % 2),
                                 left = random() % 5](int letter) mutable {
                yield();
                return left-- == 0 ? throw std::runtime_error("enough") : letter % 2 == kind;
            };
            try {
                const int letter = box.receive(wanted, 1ms);
                EXPECT_EQ(std::exchange(places[static_cast<std::size_t>(letter)], ++taken), 0U)
                    << "twice: " << letter;
            } catch (const std::runtime_error&) {
                continue;  // a TimeoutError is one too
            }
        }
        EXPECT_EQ(box.try_receive(), std::nullopt);
        for (std::size_t letter = 0; letter + 2 < letters; ++letter) {
            // Of one sender and of one kind.
            EXPECT_TRUE(letter % 4 > 1 || places[letter] < places[letter + 2]) << letter;
        }
        join_all_of(senders);
    });
}

TEST(ShuffledFaults, AGroupWhoseBodyThrowsWhileMembersFailTellsAllOfItInTheOrderOfTime) {
    under_all_seeds([](Random& random) {
        std::vector<std::string> thrown;
        std::vector<std::string> told;
        int alive = 0;
        struct Alive {
            int& count;
            explicit Alive(int& of) : count(of) { ++count; }
            ~Alive() { --count; }
        };
        const auto fail = [&](const std::string& text) {
            thrown.push_back(text);
            throw std::runtime_error(text);
        };
        const auto body = [&](TaskGroup& group) {
            for (int i = 0; i < 6; ++i) {
                group.spawn([&, i, turns = random() % 4, what = random() % 4] {
                    const Alive here(alive);
                    try {
                        yield_times(turns);
                        if (what == 0) {
                            fail("member " + std::to_string(i));
                        }
                        sleep_for(what == 1 ? Duration(0) : Duration(1h));
                    } catch (const Cancelled&) {
                        if (what == 2) {
                            fail("clean-up " + std::to_string(i));
                        }
                        throw;
                    }
                });
            }
            try {
                yield_times(random() % 6);
            } catch (const Cancelled&) {
                fail("body, cancelled");
            }
            fail("body");
        };
        try {
            task_group(body);
            ADD_FAILURE();
        } catch (const ExceptionGroup& all) {
            all.for_each<std::runtime_error>([&](const auto& error) { told.emplace_back(error.what()); });
            EXPECT_EQ(all.exceptions().size(), thrown.size());
        }
        EXPECT_EQ(told, thrown);
        EXPECT_EQ(alive, 0);
    });
}

// --- what ends or strikes while others wait ---

TEST(ShuffledFaults, CloseEndsAllSendersAndReceiversAndWhatWasSentIsReceived) {
    under_all_seeds([](Random& random) {
        Channel<int> channel(random() % 3);
        std::vector<int> sent;
        std::vector<int> received;
        std::size_t closed = 0;
        std::vector<Fiber<>> fibers;
        const auto until_closed = [&](auto step) {
            fibers.push_back(spawn([&closed, step]() mutable {
                try {
                    for (;;) {
                        step();
                    }
                } catch (const ChannelClosed&) {
                    ++closed;
                }
            }));
        };
        // Mostly there are more on one side, so that some of that one wait when it is closed.
        for (auto i = static_cast<int>(random() % 5); i > 0; --i) {
            until_closed([&, i, item = i * 1000]() mutable {
                const auto count = [&] { sent.push_back(item); };
                ++item;
                if (i % 2 != 0) {
                    channel.send(item);
                    count();
                } else {
                    select(on_send(channel, item, count));
                }
            });
        }
        for (auto i = random() % 5; i > 0; --i) {
            until_closed([&, i] {
                const auto count = [&](int item) { received.push_back(item); };
                if (i % 2 != 0) {
                    count(channel.receive());
                } else {
                    select(on_receive(channel, count));
                }
            });
        }
        for (int twice = 0; twice < 2; ++twice) {
            spawn_detached([&channel, turns = random() % 12] {
                yield_times(turns);
                channel.close();
            });
        }
        join_all_of(fibers);
        EXPECT_EQ(closed, fibers.size());
        testing::wait_all_parked();  // where there was nobody it may be open still
        while (const auto left = channel.next()) {
            received.push_back(*left);
        }
        std::sort(sent.begin(), sent.end());
        std::sort(received.begin(), received.end());
        EXPECT_EQ(sent, received);
    });
}

TEST(ShuffledFaults, AKillDuringCleanUpInNestedScopesStrikesAfterIt) {
    under_all_seeds([](Random& random) {
        std::string steps;
        struct CleansUp {
            std::string& text;
            ~CleansUp() {
                const bool whole = move_on_after(5ms, [] { sleep_for(2ms); });
                const bool cut = !move_on_after(1ms, [] { sleep_for(1h); });
                text += whole && cut ? "cleaned " : "disturbed ";
            }
        };
        const auto fiber = spawn([&] {
            static_cast<void>(move_on_after(2ms, [&] {
                const CleansUp clean{steps};
                sleep_for(1h);
            }));
            steps += "left ";
            sleep_for(2ms);
            steps += "end";
        });
        const auto at = random() % 10;
        spawn([&] {
            sleep_for(std::chrono::milliseconds(at));
            fiber.kill();
        }).join();
        fiber.join();
        EXPECT_EQ(fiber.exception() != nullptr, steps != "cleaned left end") << steps;
        // The scope ends at 2, the clean-up at 5, the fiber at 7; whatever happens in the same moment may come first.
        if (at < 2) {
            EXPECT_TRUE(steps == "cleaned " || (at == 0 && steps.empty())) << steps;
        } else if (at == 2) {
            EXPECT_TRUE(steps == "cleaned " || steps == "cleaned left ") << steps;
        } else if (at != 7) {
            EXPECT_EQ(steps, at < 7 ? "cleaned left " : "cleaned left end") << at;
        }
    });
}

TEST(ShuffledFaults, OfTwoLimitsWithTheSameDeadlineTheOuterOneStrikesFirstAndEachOnce) {
    under_all_seeds([](Random& random) {
        const TimePoint end = now() + 2ms;
        Event event;
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < 4; ++i) {
            fibers.push_back(spawn([&] {
                const Timeout outer(end);
                const Timeout inner(end);
                std::string struck;
                const auto wait = [&](auto call) {
                    try {
                        call();
                    } catch (const TimeoutExpired& expired) {
                        struck += outer.is(expired) ? "outer " : "";
                        struck += inner.is(expired) ? "inner " : "";
                    }
                };
                wait([&] {
                    event.wait();
                });  // what comes in the same moment counts, and the limits strike next
                for (int turn = 0; turn < 2; ++turn) {
                    wait([] { sleep_until(now() + 1h); });
                }
                wait([] { sleep_for(1ms); });
                EXPECT_EQ(struck, "outer inner ");
            }));
            fibers.push_back(spawn([&] {
                // Scopes: the outer one absorbs it, and the inner one is not asked.
                EXPECT_FALSE(move_on_after(end, [&] {
                    fail_after(end, [&] {
                        event.wait();
                        sleep_for(1h);
                    });
                    ADD_FAILURE();
                }));
            }));
        }
        fibers.push_back(spawn([&, at = end + std::chrono::milliseconds(random() % 3) - 1ms] {
            sleep_until(at);
            event.set();
        }));
        join_all_of(fibers);
    });
}

TEST(ShuffledFaults, APromiseThatEndsUnsetIsBrokenForAllWhoAskHoweverItsOwnerEnds) {
    under_all_seeds([](Random& random) {
        const StderrCapture printed;
        Promise<int> promise;
        const Future<int> future = promise.future();
        const auto owner = spawn([how = random() % 3, owed = std::move(promise)] {
            yield();
            if (how == 0) {
                throw std::runtime_error("of the owner");
            }
            sleep_for(how == 1 ? Duration(0) : Duration(1h));
        });
        int broken = 0;
        std::vector<Fiber<>> waiters;
        for (int i = 0; i < 6; ++i) {
            waiters.push_back(spawn([&, i] {
                try {
                    i % 2 == 0 ? static_cast<void>(future.get())
                               : future.then([](int) { ADD_FAILURE(); }).get();
                    ADD_FAILURE() << "there is no result";
                } catch (const BrokenPromise&) {
                    ++broken;
                }
            }));
        }
        const Fiber<>& victim = waiters[random() % 6];
        const auto stopper = spawn([&, turns = random() % 4, kills = random() % 2] {
            yield_times(turns);
            kills != 0 ? owner.kill() : owner.cancel();
            yield_times(turns);
            victim.cancel();
        });
        stopper.join();
        owner.join();
        join_all_of(waiters);
        EXPECT_EQ(broken + (victim.exception() != nullptr ? 1 : 0), 6);
        EXPECT_THROW(static_cast<void>(future.get()), BrokenPromise);
        static_cast<void>(owner.exception());
        EXPECT_EQ(printed.str(), "");
    });
}

// --- several hubs ---

/// Shuffles a hub that is not the caller's.
void shuffle_there(const HubRef& hub, Random& random) {
    spawn(SpawnOptions{.hub = hub}, [seed = random()] { impl::Hub::current()->shuffle(seed); }).join();
}

TEST(ShuffledFaults, AHubThatIsStoppedLeavesItsObjectsToThoseWhoWaitForThem) {
    // Each seed starts and ends two threads: a fifth of the seeds takes as long as all those of another scene.
    under_seeds(std::max<std::uint64_t>(seeds / 5, 50), [](Random& random) {
        const testing::VirtualTime::Hold hold;  // the others live on real time
        Mutex mutex;
        Channel<int> channel;
        Semaphore standing(0);
        Promise<int> promise;
        const Future<int> future = promise.future();
        std::atomic<int> holders{0};
        std::atomic<int> received{0};
        const auto hold_lock = [&](bool for_long) {
            const std::scoped_lock lock(mutex);
            EXPECT_EQ(++holders, 1);
            standing.release();
            struct Leave {
                std::atomic<int>& of;
                ~Leave() { --of; }
            } const leave{holders};
            for_long ? sleep_for(1h) : yield();
        };
        Runtime runtime({.hubs = 2});
        shuffle_there(runtime.hub(0), random);
        shuffle_there(runtime.hub(1), random);
        runtime.spawn_detached([&] { hold_lock(true); });
        standing.acquire();
        const auto owner = runtime.spawn([&, owed = std::move(promise)] {
            standing.release();
            sleep_for(1h);
        });
        runtime.spawn_detached([&] { hold_lock(false); });  // waits for what the other hub has
        runtime.spawn_detached([&] {
            standing.release();
            received += channel.receive();
        });
        standing.acquire();
        standing.acquire();
        int sent = 0;
        std::vector<Fiber<>> fibers;
        fibers.push_back(spawn([&] { hold_lock(false); }));
        fibers.push_back(spawn([&] { EXPECT_THROW(static_cast<void>(future.get()), BrokenPromise); }));
        fibers.push_back(spawn([&] { owner.join(); }));
        fibers.push_back(spawn([&] { sent += channel.try_send(1) ? 1 : 0; }));
        fibers.push_back(spawn([&, turns = random() % 4] {
            yield_times(turns);
            runtime.stop();
        }));
        join_all_of(fibers);
        EXPECT_THROW(std::rethrow_exception(owner.exception()), Cancelled);
        EXPECT_FALSE(channel.try_send(2)) << "nobody waits there any more";
        EXPECT_EQ(sent, received);
        ASSERT_TRUE(mutex.try_lock());
        mutex.unlock();
    });
}

TEST(ShuffledFaults, AForkAmongSeveralHubsKeepsTheCallingFiberAloneWhoeverIsReady) {
    // Few seeds: each is two threads and a process, and all that differs is who is ready and who waits at the fork.
    under_seeds(20, [](Random& random) {
        const Host one;
        const Host two;
        std::atomic<int> runs{0};
        Event go;
        std::vector<Fiber<>> fibers;
        for (const HubRef& hub : {one.hub(), two.hub()}) {
            shuffle_there(hub, random);
            fibers.push_back(spawn(SpawnOptions{.hub = hub}, [&] {
                go.wait();
                ++runs;
            }));
            // Were their threads allocating memory during the fork, the address sanitizer's allocator would stay locked in the child.
            spawn(SpawnOptions{.hub = hub}, [] { testing::wait_all_parked(); }).join();
        }
        for (int i = 0; i < 3; ++i) {
            fibers.push_back(spawn([&, turns = random() % 8] {
                for (auto turn = turns; turn > 0; --turn) {
                    yield();
                    ++runs;
                }
                go.wait();
                runs += static_cast<int>(9 - turns);
            }));
        }
        auto forks = spawn([&, turns = random() % 6] {
            yield_times(turns);
            return in_child([&, before = runs.load()] {
                go.set();
                yield_times(50);
                sleep_for(1h);
                CHECK_IN_CHILD(runs == before);
                for (const auto& fiber : fibers) {
                    fiber.join();
                    CHECK_IN_CHILD(!fiber.successful() && !fiber.ref().alive());
                }
                Channel<int> channel;
                const auto sender = spawn([&] { channel.send(5); });
                return channel.receive() == 5 && !move_on_after(1ms, [] { sleep_for(1h); });
            });
        });
        EXPECT_CHILD_PASSES(forks.get());
        go.set();
        join_all_of(fibers);
        EXPECT_EQ(runs, 2 + 3 * 9) << "in the parent all goes on";
    });
}

}  // namespace
}  // namespace weft::test
