// Broadcast: all see all, and what becomes of the slow ones.
#include <weft/channel/broadcast.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(BroadcastTest);

TEST_P(BroadcastTest, EachListenerSeesAllThatIsSentWhileItListens) {
    Broadcast<std::string> broadcast(8);
    broadcast.send("before anybody listens");
    auto early = broadcast.subscribe();
    broadcast.send("a");
    auto late = broadcast.subscribe();
    auto waiting = spawn([&] { return *late.receive(); });
    testing::wait_all_parked();
    broadcast.send("b");
    EXPECT_EQ(waiting.get(), "b");
    broadcast.send("c");
    broadcast.close();
    EXPECT_THROW(broadcast.send("d"), ChannelClosed);
    std::string all;
    for (const auto& message : early) {
        all += *message;
    }
    EXPECT_EQ(all, "abc");
    EXPECT_EQ(*late.receive(), "c");
    EXPECT_EQ(late.next(), nullptr);
    EXPECT_THROW(late.receive(), ChannelClosed);
    EXPECT_THROW(static_cast<void>(late.try_receive()), ChannelClosed);
}

TEST_P(BroadcastTest, SendersWaitForTheSlowest) {
    Broadcast<int> broadcast(2);
    auto fast = broadcast.subscribe();
    auto slow = broadcast.subscribe();
    int sent = 0;
    auto sender = spawn([&] {
        for (; sent < 4; ++sent) {
            broadcast.send(sent);
        }
    });
    testing::wait_all_parked();
    EXPECT_EQ(sent, 2);
    EXPECT_EQ(*fast.receive(), 0);
    EXPECT_EQ(*fast.receive(), 1);
    testing::wait_all_parked();
    EXPECT_EQ(sent, 2);
    EXPECT_EQ(*slow.receive(), 0);
    testing::wait_all_parked();
    EXPECT_EQ(sent, 3);
    { const auto gone = std::move(slow); }
    sender.join();
    EXPECT_EQ(*fast.receive(), 2);
    EXPECT_EQ(*fast.receive(), 3);
}

TEST_P(BroadcastTest, TheSlowMissTheOldestWhichAreCounted) {
    Broadcast<int> broadcast(3, SlowReceiver::drop_oldest);
    auto slow = broadcast.subscribe();
    for (int i = 0; i < 10; ++i) {
        broadcast.send(i);
    }
    EXPECT_EQ(*slow.receive(), 7);
    EXPECT_EQ(slow.dropped(), 7U);
    EXPECT_EQ(*slow.receive(), 8);
    EXPECT_EQ(*slow.receive(), 9);
    EXPECT_EQ(slow.try_receive(), nullptr);
    EXPECT_EQ(slow.dropped(), 7U);
}

TEST_P(BroadcastTest, TheSlowAreToldOnceHowManyTheyHaveMissed) {
    Broadcast<int> broadcast(2, SlowReceiver::fail);
    auto slow = broadcast.subscribe();
    for (int i = 0; i < 5; ++i) {
        broadcast.send(i);
    }
    try {
        slow.receive();
        FAIL();
    } catch (const Lagged& error) {
        EXPECT_EQ(error.missed(), 3U);
    }
    EXPECT_EQ(*slow.receive(), 3);
    EXPECT_EQ(*slow.receive(), 4);
}

TEST_P(BroadcastTest, WhatAllHaveSeenIsDestroyed) {
    for (const SlowReceiver policy : {SlowReceiver::wait, SlowReceiver::drop_oldest, SlowReceiver::fail}) {
        Broadcast<std::shared_ptr<int>> broadcast(4, policy);
        auto one = broadcast.subscribe();
        auto two = broadcast.subscribe();
        auto three = broadcast.subscribe();
        auto item = std::make_shared<int>(1);
        broadcast.send(item);
        one.receive();
        two.receive();
        EXPECT_EQ(item.use_count(), 2);
        { const auto gone = std::move(three); }
        EXPECT_EQ(item.use_count(), 1);
    }
}

TEST_P(BroadcastTest, AListenerOutlivesTheBroadcastAndLearnsOfItsEnd) {
    auto broadcast = std::make_unique<Broadcast<int>>(1);
    auto listener = broadcast->subscribe();
    broadcast->send(1);
    auto blocked = spawn([&] { EXPECT_THROW(broadcast->send(2), ChannelClosed); });
    testing::wait_all_parked();
    broadcast->close();
    blocked.join();
    broadcast.reset();
    EXPECT_EQ(*listener.receive(), 1);
    EXPECT_EQ(listener.next(), nullptr);
    EXPECT_DEATH(Broadcast<int>(0), "a Broadcast without room");
}

TEST_P(BroadcastTest, OneSubscriptionIsSharedByItsFibers) {
    Broadcast<int> broadcast(4);
    auto listener = broadcast.subscribe();
    int sum = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] { sum += *listener.receive(); }));
    }
    testing::wait_all_parked();
    broadcast.send(1);
    broadcast.send(10);
    broadcast.send(100);
    for (auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(sum, 111);
}

}  // namespace
}  // namespace weft
