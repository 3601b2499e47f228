// Sender and Receiver: what their closing means to the others.
#include <weft/channel/ends.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
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

WEFT_HUB_SUITE(EndsTest);

// CONFORMANCE 143
TEST_P(EndsTest, TheLastSenderEndsTheChannelAndTheLastReceiverBreaksIt) {
    auto ends = make_channel<int>(4);
    {
        const Sender<int> copy = ends.sender;
        ends.sender.send(1);
        ends.sender.close();
        EXPECT_EQ(ends.receiver.try_receive(), 1);
        EXPECT_EQ(ends.receiver.try_receive(), std::nullopt) << "one sender is left";
        Sender<int>(copy).send(2);
    }
    EXPECT_EQ(ends.receiver.receive(), 2) << "what was sent before can still be had";
    EXPECT_THROW(ends.receiver.receive(), ChannelClosed);
    EXPECT_EQ(ends.receiver.next(), std::nullopt);

    auto others = make_channel<std::shared_ptr<int>>(1);
    auto item = std::make_shared<int>(1);
    others.sender.send(item);
    auto blocked = spawn([&] { EXPECT_THROW(others.sender.send(item), ChannelBroken); });
    testing::wait_all_parked();
    {
        Receiver<std::shared_ptr<int>> copy = others.receiver;
        others.receiver.close();
        testing::wait_all_parked();
        EXPECT_FALSE(blocked.ready());
    }
    blocked.join();
    EXPECT_EQ(item.use_count(), 1) << "nobody can receive it any more";
    EXPECT_THROW(others.sender.send(item), ChannelBroken);
}

// CONFORMANCE 144
TEST_P(EndsTest, AnEndClosedByItsOwnerSaysSoAndWakesWhoWaitsThroughIt) {
    auto ends = make_channel<int>();
    Receiver<int> copy = ends.receiver;
    auto mine = spawn([&] { EXPECT_THROW(ends.receiver.receive(), EndClosed); });
    auto others = spawn([&] { return copy.receive(); });
    testing::wait_all_parked();
    ends.receiver.close();
    mine.join();
    EXPECT_THROW(ends.receiver.receive(), EndClosed);
    EXPECT_THROW(static_cast<void>(ends.receiver.try_receive()), EndClosed);
    EXPECT_THROW(static_cast<void>(ends.receiver.next()), EndClosed);
    EXPECT_FALSE(others.ready());
    ends.sender.send(3);
    EXPECT_EQ(others.get(), 3);

    Sender<int> second = ends.sender;
    auto sends = spawn([&] { EXPECT_THROW(second.send(1), EndClosed); });
    testing::wait_all_parked();
    second.close();
    sends.join();
    EXPECT_THROW(static_cast<void>(second.try_send(1)), EndClosed);
    EXPECT_FALSE(ends.sender.try_send(1)) << "the channel is open, and nobody receives now";
}

TEST_P(EndsTest, ACopyOfAClosedEndIsClosedAndAMovedOneIsNot) {
    auto ends = make_channel<int>(1);
    Sender<int> moved = std::move(ends.sender);
    EXPECT_FALSE(ends.sender.valid());
    EXPECT_THROW(ends.sender.send(1), EndClosed);
    moved.send(1);
    moved.close();
    Sender<int> copy = moved;
    EXPECT_THROW(copy.send(1), EndClosed);
    EXPECT_EQ(ends.receiver.receive(), 1);
    EXPECT_EQ(ends.receiver.next(), std::nullopt);
    copy = Sender<int>();
    EXPECT_FALSE(copy.valid());
    EXPECT_THROW(Receiver<int>().receive(), EndClosed);
}

TEST_P(EndsTest, WorkersEndWhenThoseWhoGiveWorkAreGone) {
    auto work = make_channel<int>();
    auto results = make_channel<int>(unbounded);
    {
        std::vector<Fiber<>> workers;
        for (int i = 0; i < 3; ++i) {
            workers.push_back(spawn([from = work.receiver, to = results.sender]() mutable {
                for (const int item : from) {
                    to.send(item * item);
                }
            }));
        }
        results.sender.close();
        work.receiver.close();
        for (int i = 1; i <= 10; ++i) {
            work.sender.send(i);
        }
        work.sender.close();
        int sum = 0;
        for (auto& worker : workers) {
            worker.join();
        }
        workers.clear();
        for (const int result : results.receiver) {
            sum += result;
        }
        EXPECT_EQ(sum, 385);
    }
}

}  // namespace
}  // namespace weft
