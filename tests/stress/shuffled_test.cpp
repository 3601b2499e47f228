// What holds in whatever order ready fibers run: the same scenes under many seeds.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/channel/channel.hpp>
#include <weft/channel/select.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/exception_group.hpp>
#include <weft/scope/scope.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/shuffled.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(Shuffled, EachItemOfAChannelArrivesOnceOrItsSenderKnowsBetter) {
    under_all_seeds([](Random& random) {
        Channel<int> channel(random() % 3);
        std::array<int, 12> sent{};
        std::array<int, 12> received{};
        std::vector<Fiber<>> senders;
        std::vector<Fiber<>> receivers;
        for (int first = 0; first < 12; first += 4) {
            senders.push_back(spawn([&, first] {
                for (int item = first; item < first + 4; ++item) {
                    channel.send(item);
                    ++sent[static_cast<std::size_t>(item)];
                }
            }));
        }
        for (int i = 0; i < 3; ++i) {
            receivers.push_back(spawn([&] {
                for (const int item : channel) {
                    ++received[static_cast<std::size_t>(item)];
                    yield();
                }
            }));
        }
        // One of each side is stopped somewhere on its way.
        const auto stopper = spawn([&, turns = random() % 12, edge = random() % 2] {
            for (auto turn = turns; turn > 0; --turn) {
                yield();
            }
            edge != 0 ? senders[0].kill() : senders[0].cancel();
            edge != 0 ? receivers[0].cancel() : receivers[0].kill();
        });
        stopper.join();
        join_all_of(senders);
        channel.close();
        join_all_of(receivers);
        EXPECT_EQ(sent, received);
    });
}

TEST(Shuffled, SelectsOnBothSidesCommitOneCaseEach) {
    under_all_seeds([](Random& random) {
        Channel<int> left;
        Channel<int> right;
        int sent = 0;
        int received = 0;
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < 6; ++i) {
            fibers.push_back(spawn([&] {
                const auto count = [&] { ++sent; };
                select(on_send(left, 1, count), on_send(right, 2, count));
            }));
            fibers.push_back(spawn([&] {
                const auto count = [&](int /*item*/) { ++received; };
                select(on_receive(left, count), on_receive(right, count));
            }));
        }
        const auto victim = random() % 12;
        for (auto turn = random() % 4; turn > 0; --turn) {
            yield();
        }
        fibers[victim].cancel();
        fibers[victim].join();
        // Whoever has lost its partner by that gets another one.
        const auto sender = spawn([&] {
            while (received < 6 && left.balance() + right.balance() < 0) {
                ++sent;
                left.balance() < 0 ? left.send(3) : right.send(3);
            }
        });
        sleep_for(1s);
        EXPECT_EQ(sent, received);
        EXPECT_GE(received, 5);
    });
}

TEST(Shuffled, NoUnitOfASemaphoreIsLostToTimeoutsAndKills) {
    under_all_seeds([](Random& random) {
        Semaphore units(2, 2);
        int inside = 0;
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < 8; ++i) {
            fibers.push_back(spawn([&, i, rest = std::chrono::milliseconds(random() % 4)] {
                if (!units.try_acquire_for(std::chrono::milliseconds(i))) {
                    return;
                }
                struct Give {
                    Semaphore& back;
                    int& count;
                    ~Give() {
                        --count;
                        back.release();
                    }
                } const give{units, ++inside};
                EXPECT_LE(inside, 2);
                sleep_for(rest);
            }));
        }
        sleep_for(std::chrono::milliseconds(random() % 6));
        fibers[random() % 8].kill();
        join_all_of(fibers);
        EXPECT_EQ(units.available(), 2U);
        EXPECT_EQ(inside, 0);
    });
}

TEST(Shuffled, AConditionWakesEachConsumerForAnItemOfItsOwn) {
    under_all_seeds([](Random& random) {
        Mutex mutex;
        ConditionVariable filled;
        std::deque<int> items;
        int taken = 0;
        std::vector<Fiber<>> consumers;
        for (int i = 0; i < 5; ++i) {
            consumers.push_back(spawn([&] {
                std::unique_lock lock(mutex);
                filled.wait(lock, [&] { return !items.empty(); });
                items.pop_front();
                ++taken;
            }));
        }
        const auto victim = random() % 5;
        const auto killer = spawn([&] { consumers[victim].kill(); });
        for (int item = 0; item < 5; ++item) {
            const std::scoped_lock lock(mutex);
            items.push_back(item);
            filled.notify_one();
            if (random() % 2 == 0) {
                yield();
            }
        }
        killer.join();
        join_all_of(consumers);
        EXPECT_EQ(static_cast<int>(items.size()) + taken, 5);
        EXPECT_GE(taken, 4);
    });
}

TEST(Shuffled, AGroupEndsWithAllItsMembersAndEachFailure) {
    under_all_seeds([](Random& random) {
        int alive = 0;
        struct Alive {
            int& count;
            explicit Alive(int& of) : count(of) { ++count; }
            ~Alive() { --count; }
        };
        std::size_t failures = 0;
        int failed = 0;
        try {
            task_group([&](TaskGroup& group) {
                for (int i = 0; i < 6; ++i) {
                    group.spawn([&, what = random() % 4] {
                        const Alive here(alive);
                        yield();
                        if (what == 0) {
                            ++failed;
                            throw std::runtime_error("a member");
                        }
                        sleep_for(std::chrono::milliseconds(what));
                    });
                }
                yield();
            });
        } catch (const ExceptionGroup& all) {
            failures = all.exceptions().size();
        }
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(failures, static_cast<std::size_t>(failed));
    });
}

TEST(Shuffled, WhatComesWithTheDeadlineIsTakenOrLeftButNotLost) {
    under_all_seeds([](Random& random) {
        Channel<int> channel(1);
        int received = 0;
        const auto receiver = spawn([&, outer = random() % 2] {
            const auto take = [&] { received = channel.receive(); };
            if (outer != 0) {
                static_cast<void>(move_on_after(5ms, take));
            } else {
                static_cast<void>(move_on_after(1s, [&] { static_cast<void>(move_on_after(5ms, take)); }));
            }
        });
        const auto sender = spawn([&] {
            sleep_for(5ms);
            EXPECT_TRUE(channel.try_send(7));
        });
        receiver.join();
        sender.join();
        const auto left = channel.try_receive();
        EXPECT_EQ(received + left.value_or(0), 7);
    });
}

TEST(Shuffled, AnEventThatIsSetAndResetWakesAllThatWaitedBefore) {
    under_all_seeds([](Random& /*random*/) {
        Event event;
        int woken = 0;
        std::vector<Fiber<>> fibers;
        for (int i = 0; i < 5; ++i) {
            fibers.push_back(spawn([&] {
                event.wait();
                ++woken;
            }));
        }
        testing::wait_all_parked();
        event.set();
        event.reset();
        join_all_of(fibers);
        EXPECT_EQ(woken, 5);
    });
}

}  // namespace
}  // namespace weft::test
