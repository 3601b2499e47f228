// Channels and queues as one of several things that are waited for: ready while a receive would not wait.
#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/channel/channel.hpp>
#include <weft/channel/queue.hpp>
#include <weft/channel/select.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/core/wait.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::size_t>;

WEFT_HUB_SUITE(Watch);

TEST_P(Watch, AChannelIsReadyWhileAReceiveWouldNotWaitAndKeepsItsItem) {
    Event event;
    Channel<int> channel(1);
    EXPECT_THROW(wait_any({event, channel}, 1ms), TimeoutError);
    channel.send(1);
    EXPECT_EQ(wait_any({event, channel}), 1U);
    EXPECT_EQ(wait_any({event, channel}), 1U);
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_THROW(wait_any({event, channel}, 1ms), TimeoutError);
    channel.close();
    EXPECT_EQ(wait_any({event, channel}), 1U);
}

TEST_P(Watch, ASenderThatWaitsMakesAChannelReadyAndOneThatHasGoneDoesNot) {
    Channel<int> channel;
    auto sender = spawn([&] { channel.send(1); });
    testing::wait_all_parked();
    EXPECT_EQ(wait_any({channel}), 0U);
    EXPECT_EQ(channel.receive(), 1);
    sender.join();
    auto other = spawn([&] { channel.send(2); });
    testing::wait_all_parked();
    other.cancel();
    other.join();
    EXPECT_THROW(wait_any({channel}, 1ms), TimeoutError);
}

/// Who waits is told when `happen` makes the channel receivable.
template <class Happen>
void expect_told(Channel<int>& channel, Happen happen) {
    Event event;
    std::optional<std::size_t> told;
    auto watcher = spawn([&] { told = wait_any({event, channel}); });
    testing::wait_all_parked();
    EXPECT_FALSE(told);
    auto fiber = spawn(happen);
    watcher.join();
    EXPECT_EQ(told, 1U);
    fiber.cancel();
    fiber.join();
}

TEST_P(Watch, TheWaitEndsWithAnItemASenderASelectThatSendsAndTheEnd) {
    Channel<int> buffered(1);
    expect_told(buffered, [&] { buffered.send(1); });
    EXPECT_EQ(buffered.try_receive(), 1);
    Channel<int> channel;
    expect_told(channel, [&] { channel.send(1); });
    expect_told(channel, [&] { select(on_send(channel, 1), on_receive(buffered)); });
    expect_told(channel, [&] { channel.close(); });
}

TEST_P(Watch, AllWhoWatchAreToldAndOneOfThemReceives) {
    Channel<int> channel;
    int told = 0;
    int received = 0;
    std::list<Fiber<>> watchers;
    for (int i = 0; i < 5; ++i) {
        watchers.push_back(spawn([&] {
            wait_any({channel});
            ++told;
            received += channel.try_receive() ? 1 : 0;
        }));
    }
    testing::wait_all_parked();
    channel.send(1);
    join_all(watchers);
    EXPECT_EQ(told, 5);
    EXPECT_EQ(received, 1);
}

TEST_P(Watch, AReceiverThatWaitsGetsTheItemAndWhoWatchesGoesOnWaiting) {
    Channel<int> channel;
    bool told = false;
    auto watcher = spawn([&] {
        wait_any({channel});
        told = true;
    });
    auto receiver = spawn([&] { return channel.receive(); });
    testing::wait_all_parked();
    channel.send(7);
    EXPECT_EQ(receiver.get(), 7);
    testing::wait_all_parked();
    EXPECT_FALSE(told);
    channel.close();
    watcher.join();
    EXPECT_TRUE(told);
}

TEST_P(Watch, ACancelledWaitLeavesNothingBehind) {
    auto channel = std::make_unique<Channel<int>>();
    Event event;
    auto watcher = spawn([&] { wait_any({event, *channel}); });
    testing::wait_all_parked();
    watcher.cancel();
    watcher.join();
    auto sender = spawn([&] { channel->send(1); });
    EXPECT_EQ(channel->receive(), 1);
    sender.join();
    channel.reset();  // stops the program if somebody is still in it
}

TEST_P(Watch, ALoopOverChannelsGivesThemInTheOrderInWhichTheyBecomeReady) {
    std::list<Channel<int>> channels(3);
    std::vector<Channel<int>*> at;
    for (Channel<int>& each : channels) {
        at.push_back(&each);
    }
    auto last = spawn_later(3ms, [&] { at[0]->close(); });
    auto first = spawn_later(1ms, [&] { at[2]->send(1); });
    auto second = spawn_later(2ms, [&] { at[1]->send(2); });
    std::vector<Channel<int>*> seen;
    for (Channel<int>& channel : as_finished(channels)) {
        seen.push_back(&channel);
        static_cast<void>(channel.next());
    }
    EXPECT_EQ(seen.size(), 3U);
    if (on_virtual_time()) {
        EXPECT_EQ(seen, (std::vector{at[2], at[1], at[0]}));
    }
}

TEST_P(Watch, AQueueIsReadyWhileAGetWouldNotWait) {
    PriorityQueue<int> queue;
    Channel<int> channel;
    EXPECT_THROW(wait_any({channel, queue}, 1ms), TimeoutError);
    auto putter = spawn([&] { queue.put(3); });
    EXPECT_EQ(wait_any({channel, queue}), 1U);
    bool selected = false;
    select(on_receive(channel), on(queue, [&] { selected = true; }));
    EXPECT_TRUE(selected);
    EXPECT_EQ(queue.get(), 3);
    putter.join();
}

TEST_P(Watch, ItemsOfOtherThreadsAreNoticed) {
    if (on_virtual_time()) {
        return;  // its clock goes by the fibers of one hub
    }
    Channel<int> channel;
    Event never_set;
    test::Host host;
    constexpr int count = 100;
    auto sender = spawn(SpawnOptions{.hub = host.hub()}, [&] {
        for (int i = 0; i < count; ++i) {
            channel.send(i);
        }
        channel.close();
    });
    int received = 0;
    for (;;) {
        EXPECT_EQ(wait_any({never_set, channel}), 1U);
        if (channel.is_closed()) {
            break;  // not before the last send has ended
        }
        received += channel.try_receive() ? 1 : 0;
    }
    EXPECT_EQ(received, count);
    sender.join();
}

}  // namespace
}  // namespace weft
