// Channel: order, room, closing, and that nothing is lost.
#include <weft/channel/channel.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(ChannelTest);

// CONFORMANCE 128
TEST_P(ChannelTest, ASenderWaitsForRoomAndItemsKeepTheirOrder) {
    Channel<int> channel(2);
    std::vector<int> sent;
    auto sender = spawn([&] {
        for (int i = 1; i <= 5; ++i) {
            channel.send(i);
            sent.push_back(i);
        }
    });
    testing::wait_all_parked();
    EXPECT_EQ(sent, (std::vector{1, 2}));
    EXPECT_EQ(channel.size(), 2U);
    EXPECT_EQ(channel.receive(), 1);
    testing::wait_all_parked();
    EXPECT_EQ(sent, (std::vector{1, 2, 3}));
    for (int i = 2; i <= 5; ++i) {
        EXPECT_EQ(channel.receive(), i);
    }
    sender.join();
}

// CONFORMANCE 129
TEST_P(ChannelTest, TheReceiverThatHasWaitedLongestGetsTheFirstItem) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{3}, unbounded}) {
        Channel<int> channel(capacity);
        std::vector<int> got(3);
        std::vector<Fiber<>> receivers;
        for (int& slot : got) {
            receivers.push_back(spawn([&] { slot = channel.receive(); }));
        }
        testing::wait_all_parked();
        for (int i = 1; i <= 3; ++i) {
            EXPECT_TRUE(channel.try_send(i));
        }
        for (auto& receiver : receivers) {
            receiver.join();
        }
        EXPECT_EQ(got, (std::vector{1, 2, 3}));
    }
}

// CONFORMANCE 130
TEST_P(ChannelTest, AReceiverThatHasGivenUpTakesNothing) {
    Channel<int> channel(1);
    auto killed = spawn([&] { channel.receive(); });
    auto late = spawn([&] { EXPECT_THROW(channel.receive(1ms), TimeoutError); });
    int got = 0;
    auto next = spawn([&] { got = channel.receive(); });
    late.join();
    killed.kill();
    channel.send(7);
    next.join();
    EXPECT_EQ(got, 7);
}

// CONFORMANCE 132
TEST_P(ChannelTest, TheItemOfASenderThatHasGivenUpNeverAppearsAndStaysWithIt) {
    Channel<std::unique_ptr<int>> channel;
    auto kept = std::make_unique<int>(1);
    auto late = spawn([&] { EXPECT_THROW(channel.send(std::move(kept), 1ms), TimeoutError); });
    auto killed = spawn([&] { channel.send(std::make_unique<int>(2)); });
    auto stays = spawn([&] { channel.send(std::make_unique<int>(3)); });
    late.join();
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(*kept, 1);
    killed.kill();
    killed.join();
    EXPECT_EQ(*channel.receive(), 3);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
}

TEST_P(ChannelTest, WithoutCapacityASendEndsWhenAReceiverHasTheItem) {
    Channel<int> channel;
    bool sent = false;
    auto sender = spawn([&] {
        channel.send(1);
        sent = true;
    });
    testing::wait_all_parked();
    EXPECT_FALSE(sent);
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_FALSE(sent) << "the receiver goes on first";
    sender.join();
    EXPECT_TRUE(sent);
}

// CONFORMANCE 134
TEST_P(ChannelTest, TryCallsServeThoseThatWaitAndNeverWait) {
    Channel<int> channel;
    EXPECT_FALSE(channel.try_send(1));
    EXPECT_EQ(channel.try_receive(), std::nullopt);
    auto receiver = spawn([&] { return channel.receive(); });
    testing::wait_all_parked();
    EXPECT_TRUE(channel.try_send(2));
    EXPECT_FALSE(channel.try_send(3));
    EXPECT_EQ(receiver.get(), 2);
    auto sender = spawn([&] { channel.send(4); });
    testing::wait_all_parked();
    EXPECT_EQ(channel.try_receive(), 4);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
    sender.join();
}

TEST_P(ChannelTest, ATrySendThatIsRefusedLeavesTheItem) {
    Channel<std::unique_ptr<int>> channel(1);
    auto item = std::make_unique<int>(1);
    EXPECT_TRUE(channel.try_send(std::move(item)));
    item = std::make_unique<int>(2);
    EXPECT_FALSE(channel.try_send(std::move(item)));
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(*item, 2);
}

TEST_P(ChannelTest, CloseLetsReceiversDrain) {
    Channel<int> channel(3);
    channel.send(1);
    channel.send(2);
    channel.close();
    channel.close();
    EXPECT_TRUE(channel.is_closed());
    EXPECT_THROW(channel.send(3), ChannelClosed);
    EXPECT_THROW(static_cast<void>(channel.try_send(3)), ChannelClosed);
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_EQ(channel.next(), 2);
    EXPECT_EQ(channel.next(), std::nullopt);
    EXPECT_THROW(channel.receive(), ChannelClosed);
    EXPECT_THROW(static_cast<void>(channel.try_receive()), ChannelClosed);
}

TEST_P(ChannelTest, CloseEndsAllThatWait) {
    Channel<int> channel;
    int closed = 0;
    auto expect_closed = [&](auto call) {
        return spawn([&closed, call] {
            EXPECT_THROW(call(), ChannelClosed);
            ++closed;
        });
    };
    auto first = expect_closed([&] { channel.receive(); });
    auto second = expect_closed([&] { channel.receive(); });
    testing::wait_all_parked();
    channel.close();
    first.join();
    second.join();
    Channel<int> full(1);
    full.send(1);
    auto third = expect_closed([&] { full.send(2); });
    auto fourth = expect_closed([&] { full.send(3); });
    testing::wait_all_parked();
    full.close();
    third.join();
    fourth.join();
    EXPECT_EQ(closed, 4);
    EXPECT_EQ(full.next(), 1) << "what was in the channel can still be had";
    EXPECT_EQ(full.next(), std::nullopt) << "what waited to get in cannot";
}

// CONFORMANCE 147
TEST_P(ChannelTest, PoisonReachesBothSidesAndWhatWasHandedOverStays) {
    Channel<std::shared_ptr<int>> channel(1);
    auto in_channel = std::make_shared<int>(1);
    auto receiver = spawn([&] { return channel.receive(); });
    testing::wait_all_parked();
    channel.send(std::make_shared<int>(0));  // given to the receiver, which has not run since
    channel.send(in_channel);
    auto sender = spawn([&] { EXPECT_THROW(channel.send(nullptr), ChannelClosed); });
    testing::wait_all_parked();
    channel.poison();
    EXPECT_EQ(*receiver.get(), 0);
    EXPECT_EQ(in_channel.use_count(), 1) << "dropped at once";
    sender.join();
    EXPECT_THROW(channel.receive(), ChannelClosed);
    EXPECT_THROW(channel.send(nullptr), ChannelClosed);
}

// CONFORMANCE 139
TEST_P(ChannelTest, ALoopOverItEndsWhenItIsClosedAndEmpty) {
    Channel<std::string> channel(1);
    auto sender = spawn([&] {
        for (const char* text : {"a", "b", "c"}) {
            channel.send(text);
        }
        channel.close();
    });
    std::string all;
    for (std::string& text : channel) {
        all += std::move(text);
    }
    EXPECT_EQ(all, "abc");
}

// CONFORMANCE 142
TEST_P(ChannelTest, BalanceCountsThoseThatWait) {
    Channel<int> channel;
    EXPECT_EQ(channel.balance(), 0);
    {
        auto one = spawn([&] { channel.send(1); });
        auto two = spawn([&] { channel.send(2); });
        testing::wait_all_parked();
        EXPECT_EQ(channel.balance(), 2);
        two.kill();
        two.join();
        EXPECT_EQ(channel.balance(), 1);
        channel.receive();
        EXPECT_EQ(channel.balance(), 0);
    }
    auto receiver = spawn([&] { channel.receive(); });
    testing::wait_all_parked();
    EXPECT_EQ(channel.balance(), -1);
    receiver.kill();
    receiver.join();
    EXPECT_EQ(channel.balance(), 0);
}

// CONFORMANCE 145
TEST_P(ChannelTest, NoConsumerIsStarved) {
    constexpr int consumers = 5;
    constexpr int items = 1000;
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{4}, unbounded}) {
        Channel<int> channel(capacity);
        std::vector<int> shares(consumers);
        std::vector<Fiber<>> fibers;
        for (int& share : shares) {
            fibers.push_back(spawn([&] {
                while (channel.next()) {
                    ++share;
                    yield();
                }
            }));
        }
        for (int i = 0; i < items; ++i) {
            channel.send(i);
            yield();
        }
        channel.close();
        for (auto& fiber : fibers) {
            fiber.join();
        }
        for (const int share : shares) {
            EXPECT_GE(share, items / consumers / 2);
        }
    }
}

TEST_P(ChannelTest, AnUnboundedOneGrowsAndKeepsTheOrder) {
    Channel<int> channel(unbounded);
    int next = 0;
    for (int i = 0; i < 1000; ++i) {
        channel.send(i);
        if (i % 3 == 0) {
            EXPECT_EQ(channel.receive(), next++);
        }
    }
    channel.close();
    for (const int item : channel) {
        EXPECT_EQ(item, next++);
    }
    EXPECT_EQ(next, 1000);
}

TEST_P(ChannelTest, WhatNobodyReceivesIsDestroyedWithTheChannel) {
    auto item = std::make_shared<int>(1);
    {
        Channel<std::shared_ptr<int>> channel(unbounded);
        for (int i = 0; i < 20; ++i) {
            channel.send(item);
        }
        EXPECT_EQ(item.use_count(), 21);
    }
    EXPECT_EQ(item.use_count(), 1);
}

TEST_P(ChannelTest, EitherTheItemOrTheCancellation) {
    Channel<int> channel;
    int got = 0;
    auto receiver = spawn([&] {
        got = channel.receive();
        yield();
    });
    testing::wait_all_parked();
    channel.send(5);
    receiver.cancel();
    EXPECT_THROW(receiver.get(), Cancelled);
    EXPECT_EQ(got, 5);
    auto cancelled = spawn([&] { channel.receive(); });
    testing::wait_all_parked();
    cancelled.cancel();
    EXPECT_FALSE(channel.try_send(6)) << "who has been cancelled before takes nothing";
}

TEST_P(ChannelTest, AnEndedWaitLetsTheReceiverDestroyTheChannel) {
    for (int i = 0; i < 100; ++i) {
        auto channel = std::make_unique<Channel<int>>(i % 2);
        auto sender = spawn([&] { channel->send(1); });
        EXPECT_EQ(channel->receive(), 1);
        sender.join();
        channel.reset();
    }
}

TEST_P(ChannelTest, PlainThreadsSendAndReceive) {
    const testing::VirtualTime::Hold hold;
    Channel<int> there(1);
    Channel<int> back;
    std::thread thread([&] {
        for (const int item : there) {
            back.send(item + 1);
        }
        back.close();
    });
    for (int i = 0; i < 100; ++i) {
        there.send(i);
        EXPECT_EQ(back.receive(), i + 1);
    }
    there.close();
    EXPECT_THROW(back.receive(), ChannelClosed);
    thread.join();
}

/// Its next moves throw, as many as it is told to.
struct ThrowsOnMove {
    explicit ThrowsOnMove(int number) : value(number) {}
    ThrowsOnMove(const ThrowsOnMove&) = delete;
    ThrowsOnMove& operator=(const ThrowsOnMove&) = delete;
    ThrowsOnMove(ThrowsOnMove&& other) : value(other.value) { fail(); }
    ThrowsOnMove& operator=(ThrowsOnMove&& other) {
        fail();
        value = other.value;
        return *this;
    }
    ~ThrowsOnMove() = default;
    static void fail() {
        if (failures > 0 && --failures == 0) {
            throw std::runtime_error("move");
        }
    }
    static inline int failures = 0;
    int value;
};

TEST_P(ChannelTest, AMoveThatThrowsLosesNothing) {
    Channel<ThrowsOnMove> channel(2);
    ThrowsOnMove item(1);
    ThrowsOnMove::failures = 1;
    EXPECT_THROW(channel.send(std::move(item)), std::runtime_error);
    EXPECT_EQ(channel.size(), 0U);
    channel.send(std::move(item));
    channel.send(ThrowsOnMove(2));
    ThrowsOnMove::failures = 1;
    EXPECT_THROW(channel.receive(), std::runtime_error);
    EXPECT_EQ(channel.receive().value, 1) << "it is the next one again";
    EXPECT_EQ(channel.receive().value, 2);
}

TEST_P(ChannelTest, WhatAReceiverCannotTakeGoesToTheNext) {
    Channel<ThrowsOnMove> channel;
    auto first = spawn([&] { EXPECT_THROW(channel.receive(), std::runtime_error); });
    int got = 0;
    auto second = spawn([&] { got = channel.receive().value; });
    testing::wait_all_parked();
    ThrowsOnMove item(9);
    ThrowsOnMove::failures = 2;  // into the box, and out of it
    channel.send(std::move(item));
    first.join();
    second.join();
    EXPECT_EQ(got, 9);
}

TEST_P(ChannelTest, ADestroyedOneWithWaitersStopsTheProgram) {
    EXPECT_DEATH(
        {
            auto* channel = new Channel<int>;
            auto receiver = spawn([&] { channel->receive(); });
            yield();
            delete channel;
        },
        "destroyed while somebody waits in it");
}

}  // namespace
}  // namespace weft
