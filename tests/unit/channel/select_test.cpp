// select: exactly one case, the others as if nothing had been.
#include <weft/channel/select.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(SelectTest);

// CONFORMANCE 146
TEST_P(SelectTest, ExactlyOneCaseCommitsAndTheOthersAreUntouched) {
    Channel<int> numbers(1);
    Channel<std::string> words;
    Channel<std::unique_ptr<int>> out;
    auto item = std::make_unique<int>(1);
    int got = 0;
    auto sender = spawn([&] { words.send("stays"); });
    testing::wait_all_parked();
    numbers.send(5);
    const std::size_t chosen =
        select_in_order(on_receive(numbers, [&](int number) { got = number; }),
                        on_receive(words, [&](const std::string&) { got = -1; }),
                        on_send(out, std::move(item), [&] { got = -2; }), on_timeout(1ms, [&] { got = -3; }));
    EXPECT_EQ(chosen, 0U);
    EXPECT_EQ(got, 5);
    EXPECT_NE(item, nullptr);
    EXPECT_EQ(words.balance(), 1);
    EXPECT_EQ(out.try_receive(), std::nullopt);
    EXPECT_EQ(words.receive(), "stays");
    sender.join();
}

TEST_P(SelectTest, AWaitingOneIsServedByTheFirstAndLeavesTheOthers) {
    Channel<int> in;
    Channel<int> out;
    std::array<int, 4> chosen{};
    auto fiber = spawn([&] {
        for (int turn = 0; turn < 4; ++turn) {
            ++chosen[select(on_receive(in), on_send(out, 7), on_timeout(1h), on_receive(in))];
        }
    });
    testing::wait_all_parked();
    EXPECT_TRUE(in.try_send(1));
    EXPECT_EQ(out.try_receive(), std::nullopt) << "it has left this queue";
    testing::wait_all_parked();
    EXPECT_EQ(out.try_receive(), 7);
    EXPECT_FALSE(in.try_send(1));
    testing::wait_all_parked();
    EXPECT_TRUE(in.try_send(2));
    testing::wait_all_parked();
    in.send(3);
    fiber.join();
    EXPECT_EQ(chosen[0] + chosen[3], 3);
    EXPECT_EQ(chosen[1], 1);
    EXPECT_EQ(in.balance(), 0);
    EXPECT_EQ(out.balance(), 0);
}

TEST_P(SelectTest, TwoSelectsServeEachOther) {
    Channel<int> a;
    Channel<int> b;
    int got = 0;
    auto first = spawn([&] { select(on_send(a, 1), on_send(b, 2), on_receive(a, [&](int) { got = -1; })); });
    testing::wait_all_parked();
    select(on_receive(b, [&](int item) { got = item; }), on_receive(a, [&](int item) { got = item; }));
    first.join();
    EXPECT_TRUE(got == 1 || got == 2);
    EXPECT_EQ(a.balance(), 0);
    EXPECT_EQ(b.balance(), 0);
}

TEST_P(SelectTest, EventsSemaphoresAndFibersAreCasesToo) {
    Channel<int> channel;
    Event event;
    Semaphore units(1);
    auto fiber = spawn([&] { event.wait(); });
    EXPECT_EQ(select_in_order(on(event), on(fiber), on_receive(channel), on(units), otherwise()), 3U);
    EXPECT_EQ(units.available(), 0U);
    EXPECT_EQ(select_in_order(on(event), on(fiber), on(units), on_receive(channel), otherwise()), 4U);
    auto later = spawn([&] { event.set(); });
    bool called = false;
    EXPECT_EQ(select(on_receive(channel), on(event, [&] { called = true; }), on(units), on_timeout(1h)), 1U);
    EXPECT_TRUE(called);
    EXPECT_EQ(select_in_order(on(fiber), on_receive(channel)), 0U);
    units.release();
    EXPECT_EQ(units.available(), 1U) << "nobody of before waits for it";
    event.reset();
    auto sender = spawn([&] { channel.send(1); });
    EXPECT_EQ(select(on(event), on_receive(channel)), 1U);
    EXPECT_EQ(channel.balance(), 0);
    auto cancelled = spawn([&] { select(on(event), on_receive(channel)); });
    testing::wait_all_parked();
    cancelled.cancel();
    cancelled.join();
    EXPECT_EQ(channel.balance(), 0);
}

TEST_P(SelectTest, TimersAndTheDefault) {
    Channel<int> silent;
    const TimePoint before = now();
    EXPECT_EQ(select(on_timeout(20ms), on_receive(silent), on_timeout(before + 5ms)), 2U);
    EXPECT_GE(now() - before, 5ms);
    bool none = false;
    EXPECT_EQ(select(on_receive(silent), otherwise([&] { none = true; })), 1U);
    EXPECT_TRUE(none);
    EXPECT_EQ(select(on_timeout(0ms), on_receive(silent)), 0U) << "due at once";
    EXPECT_EQ(silent.balance(), 0);
}

TEST_P(SelectTest, EachOfTheReadyCasesHasItsTurn) {
    std::array<Channel<int>, 3> channels{Channel<int>(unbounded), Channel<int>(unbounded),
                                         Channel<int>(unbounded)};
    for (int i = 0; i < 30; ++i) {
        for (auto& channel : channels) {
            channel.send(i);
        }
    }
    std::array<int, 3> shares{};
    for (int i = 0; i < 30; ++i) {
        ++shares[select(on_receive(channels[0]), on_receive(channels[1]), on_receive(channels[2]))];
    }
    for (const int share : shares) {
        EXPECT_EQ(share, 10);
    }
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(select_in_order(on_receive(channels[0]), on_receive(channels[1])), 0U);
    }
}

TEST_P(SelectTest, NullChannelsAndEmptyEndsAreNeverReady) {
    Channel<int> channel(1);
    Channel<int>* off = nullptr;
    Receiver<int> empty;
    Sender<int> nobody;
    EXPECT_EQ(select(on_receive(off), on_receive(empty), on_send(nobody, 1), otherwise()), 3U);
    EXPECT_EQ(select(on_send(off, 1), on_send(&channel, 2)), 1U);
    EXPECT_EQ(channel.receive(), 2);
    EXPECT_EQ(select(on_receive(off), on_timeout(1ms)), 1U);
}

TEST_P(SelectTest, AClosedChannelIsReadyToSaySo) {
    Channel<int> channel;
    channel.close();
    bool ended = false;
    select(on_receive(channel, [&](std::optional<int> item) { ended = !item.has_value(); }));
    EXPECT_TRUE(ended);
    EXPECT_THROW(select(on_receive(channel, [](int) {})), ChannelClosed);
    EXPECT_THROW(select(on_send(channel, 1), on_timeout(1h)), ChannelClosed);
    Channel<int> later;
    auto closer = spawn([&] { later.close(); });
    EXPECT_THROW(select(on_receive(later, [](int) {}), on_timeout(1h)), ChannelClosed);
    auto ends = make_channel<int>();
    auto close_own = spawn([&] { ends.receiver.close(); });
    EXPECT_THROW(select(on_receive(ends.receiver), on_timeout(1h)), EndClosed);
    EXPECT_THROW(select(on_send(ends.sender, 1)), ChannelBroken);
}

TEST_P(SelectTest, CancelledItHasTakenAndGivenNothing) {
    Channel<int> in;
    Channel<std::unique_ptr<int>> out;
    auto item = std::make_unique<int>(1);
    auto fiber = spawn([&] { select(on_receive(in), on_send(out, std::move(item))); });
    testing::wait_all_parked();
    EXPECT_EQ(in.balance(), -1);
    fiber.cancel();
    EXPECT_FALSE(in.try_send(1));
    EXPECT_EQ(in.balance(), 0) << "it does not count any more, though it has not run yet";
    EXPECT_THROW(fiber.get(), Cancelled);
    EXPECT_NE(item, nullptr);
    EXPECT_EQ(out.balance(), 0);
}

TEST_P(SelectTest, EitherTheItemOrTheCancellation) {
    Channel<int> in;
    int got = 0;
    auto fiber = spawn([&] {
        select(on_receive(in, [&](int item) { got = item; }), on_timeout(1h));
        yield();
    });
    testing::wait_all_parked();
    in.send(3);
    fiber.cancel();
    EXPECT_THROW(fiber.get(), Cancelled);
    EXPECT_EQ(got, 3);
}

TEST_P(SelectTest, WhatACaseThrowsComesOutAndItHasHappened) {
    Channel<int> channel(2);
    channel.send(1);
    channel.send(2);
    EXPECT_THROW(select(on_receive(channel, [](int) { throw std::runtime_error("mine"); })),
                 std::runtime_error);
    EXPECT_EQ(channel.receive(), 2);
}

TEST_P(SelectTest, AnUnboundedChannelGrowsInIt) {
    Channel<int> channel(unbounded);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(select(on_send(channel, i)), 0U);
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(channel.receive(), i);
    }
}

TEST_P(SelectTest, PlainThreadsSelect) {
    const testing::VirtualTime::Hold hold;
    Channel<int> there;
    Channel<int> back;
    std::thread thread([&] {
        for (int i = 0; i < 100; ++i) {
            select(on_receive(there, [&](int item) { back.send(item); }),
                   on_receive(back, [](int) { FAIL(); }));
        }
    });
    for (int i = 0; i < 100; ++i) {
        select(on_send(there, i), on_receive(back, [](int) { FAIL(); }));
        int got = -1;
        select(on_receive(back, [&](int item) { got = item; }));
        EXPECT_EQ(got, i);
    }
    thread.join();
}

}  // namespace
}  // namespace weft
