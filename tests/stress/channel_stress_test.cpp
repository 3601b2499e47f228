// Channels between hubs and plain threads: each item arrives once, in the order of its sender; selects that could serve each
// other neither lose an item nor wait for ever. Written for the thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/channel/channel.hpp>
#include <weft/channel/ends.hpp>
#include <weft/channel/select.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/semaphore.hpp>

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr int fibers_each = 3;
constexpr int per_sender = 300;

/// Runs body(n) for n = 0, 1, 2 as fibers of one new hub, and for n = 3 as a plain thread.
template <class Body>
std::vector<std::thread> start_parties(Body body) {
    std::vector<std::thread> threads;
    threads.reserve(2);
    threads.emplace_back([body] {
        run([&] {
            std::vector<Fiber<>> fibers;
            for (int i = 0; i < fibers_each; ++i) {
                fibers.push_back(spawn(body, i));
            }
            for (auto& fiber : fibers) {
                fiber.get();
            }
        });
    });
    threads.emplace_back(body, fibers_each);
    return threads;
}
constexpr int parties = fibers_each + 1;

void join(std::vector<std::thread>& threads) {
    for (auto& thread : threads) {
        thread.join();
    }
}

struct Tagged {
    int sender = 0;
    int number = 0;
};

class ChannelStress : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(, ChannelStress,
                         ::testing::Values(std::size_t{0}, std::size_t{1}, std::size_t{7}, unbounded));

TEST_P(ChannelStress, EachItemArrivesOnceAndInTheOrderOfItsSender) {
    Channel<std::unique_ptr<Tagged>> channel(GetParam());
    std::atomic<int> received{0};
    std::atomic<int> disorder{0};
    auto receivers = start_parties([&](int) {
        std::array<int, parties> last{-1, -1, -1, -1};
        for (const auto& item : channel) {
            auto& before = last[static_cast<std::size_t>(item->sender)];
            disorder += item->number <= before ? 1 : 0;
            before = item->number;
            ++received;
        }
    });
    auto senders = start_parties([&](int who) {
        for (int i = 0; i < per_sender; ++i) {
            channel.send(std::make_unique<Tagged>(Tagged{who, i}));
        }
    });
    join(senders);
    channel.close();
    join(receivers);
    EXPECT_EQ(received, parties * per_sender);
    EXPECT_EQ(disorder, 0);
}

TEST_P(ChannelStress, WaitsThatEndEarlyNeitherLoseNorDoubleAnItem) {
    Channel<int> channel(GetParam());
    std::atomic<std::int64_t> sent{0};
    std::atomic<std::int64_t> received{0};
    auto receivers = start_parties([&](int who) {
        for (int turn = 0;; ++turn) {
            try {
                if (const auto item = channel.next(std::chrono::microseconds((turn + who) % 7))) {
                    received += *item;
                } else {
                    return;
                }
            } catch (const TimeoutError&) {
                std::this_thread::yield();
            }
        }
    });
    auto senders = start_parties([&](int who) {
        for (int i = 1; i <= per_sender; ++i) {
            try {
                channel.send(i, std::chrono::microseconds((i + who) % 5));
                sent += i;
            } catch (const TimeoutError&) {
                std::this_thread::yield();
            }
        }
    });
    join(senders);
    channel.close();
    join(receivers);
    EXPECT_EQ(sent, received);
}

TEST_P(ChannelStress, SelectsOnBothSidesServeEachOther) {
    Channel<int> a(GetParam());
    Channel<int> b(GetParam());
    std::atomic<std::int64_t> sent{0};
    std::atomic<std::int64_t> received{0};
    auto receivers = start_parties([&](int who) {
        bool more = true;
        const auto take = [&](std::optional<int> item) {
            received += item.value_or(0);
            more = more && item.has_value();
        };
        while (more) {
            if (who % 2 == 0) {
                select(on_receive(a, take), on_receive(b, take));
            } else {
                select(on_receive(b, take), on_receive(a, take), on_timeout(3us));
            }
        }
    });
    auto senders = start_parties([&](int who) {
        for (int i = 1; i <= per_sender; ++i) {
            std::size_t chosen = 0;
            do {
                chosen = who % 2 == 0 ? select(on_send(b, i), on_send(a, i))
                                      : select(on_send(a, i), on_send(b, i), on_timeout(2us));
            } while (chosen == 2);
            sent += i;
        }
    });
    join(senders);
    a.close();
    b.close();
    join(receivers);
    // Who has seen one of them closed leaves what is in the other.
    for (auto* channel : {&a, &b}) {
        while (const auto item = channel->next()) {
            received += *item;
        }
    }
    EXPECT_EQ(sent, received);
    EXPECT_EQ(sent, std::int64_t{parties} * per_sender * (per_sender + 1) / 2);
}

// All do both on the same two channels: each call could serve each other one.
TEST(ChannelSelectStress, EverybodySendsAndReceivesAtOnce) {
    Channel<int> a;
    Channel<int> b;
    std::atomic<int> balance{0};
    std::atomic<int> left{parties};
    auto threads = start_parties([&](int) {
        for (int done = 0; done < per_sender;) {
            const auto chosen =
                select(on_send(a, 1), on_receive(b), on_send(b, 1), on_receive(a), on_timeout(50us));
            if (chosen < 4) {
                balance += chosen % 2 == 0 ? 1 : -1;
                ++done;
            } else if (left == 1) {
                break;  // nobody is left to do it with
            }
        }
        --left;
    });
    join(threads);
    EXPECT_EQ(balance, 0);
    EXPECT_EQ(a.balance(), 0);
    EXPECT_EQ(b.balance(), 0);
}

// A unit of a semaphore or an item of a channel, each taken once.
TEST(ChannelSelectStress, AmongOtherObjects) {
    Channel<int> items;
    Semaphore units(0);
    std::atomic<int> taken{0};
    constexpr int all = parties * per_sender;
    auto takers = start_parties([&](int) {
        for (int i = 0; i < per_sender; ++i) {
            std::size_t chosen = 2;
            while (chosen == 2) {
                chosen = select(on(units), on_receive(items), on_timeout(20us));
            }
            ++taken;
        }
    });
    auto givers = start_parties([&](int who) {
        for (int i = 0; i < per_sender; ++i) {
            if (who % 2 == 0) {
                units.release();
            } else {
                items.send(1);
            }
        }
    });
    join(givers);
    join(takers);
    EXPECT_EQ(taken, all);
    EXPECT_EQ(units.available(), 0U);
}

TEST(ChannelEndsStress, EndsCloseWhileOthersUseThem) {
    for (int round = 0; round < 30; ++round) {
        auto ends = make_channel<int>(2);
        std::atomic<int> received{0};
        std::atomic<int> sent{0};
        auto receivers = start_parties([&, from = ends.receiver](int) mutable {
            auto mine = from;
            for (int i = 0; i < 20; ++i) {
                if (!mine.next()) {
                    return;
                }
                ++received;
            }
            mine.close();
        });
        auto senders = start_parties([&, to = ends.sender](int) mutable {
            auto mine = to;
            try {
                for (int i = 0; i < 30; ++i) {
                    mine.send(i);
                    ++sent;
                }
            } catch (const ChannelBroken&) {
                return;
            }
        });
        ends = {};
        join(senders);
        join(receivers);
        EXPECT_LE(received, sent);
    }
}

}  // namespace
}  // namespace weft::test
