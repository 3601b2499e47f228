// The waiting calls of channels and queues.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>

#include <weft/base/error.hpp>
#include <weft/channel/broadcast.hpp>
#include <weft/channel/channel.hpp>
#include <weft/channel/ends.hpp>
#include <weft/channel/joinable_queue.hpp>
#include <weft/channel/mailbox.hpp>
#include <weft/channel/queue.hpp>
#include <weft/channel/select.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

/// A channel without capacity that nobody sends to.
struct ChannelReceive : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(channel.receive(deadline), 1); }
    void fulfil() override {
        EXPECT_EQ(channel.balance(), -1);
        EXPECT_TRUE(channel.try_send(1));
    }
    void expect_untouched() override {
        EXPECT_EQ(channel.balance(), 0);
        EXPECT_FALSE(channel.try_send(2)) << "nobody is there who would take it";
    }
    Channel<int> channel;
};
WEFT_WAITING_CALL("Channel::receive", ChannelReceive);

struct ChannelNext : ChannelReceive {
    void call(Deadline deadline) override { EXPECT_EQ(channel.next(deadline), 1); }
};
WEFT_WAITING_CALL("Channel::next", ChannelNext);

struct ChannelLoop : ChannelReceive {
    void call(Deadline) override {
        for (const int item : channel) {
            EXPECT_EQ(item, 1);
            break;
        }
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Channel::begin", ChannelLoop);

struct ChannelSend : WaitingCall {
    ChannelSend() { channel.send(0); }
    void call(Deadline deadline) override { channel.send(1, deadline); }
    void fulfil() override { EXPECT_EQ(channel.try_receive(), 0); }
    void expect_untouched() override {
        EXPECT_EQ(channel.balance(), 0);
        EXPECT_EQ(channel.try_receive(), 0);
        EXPECT_EQ(channel.try_receive(), std::nullopt) << "what was not sent does not appear";
        channel.send(0);
    }
    Channel<int> channel{1};
};
WEFT_WAITING_CALL("Channel::send", ChannelSend);

struct ReceiverReceive : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(ends.receiver.receive(deadline), 1); }
    void fulfil() override { EXPECT_TRUE(ends.sender.try_send(1)); }
    void expect_untouched() override { EXPECT_FALSE(ends.sender.try_send(2)); }
    Ends<int> ends = make_channel<int>();
};
WEFT_WAITING_CALL("Receiver::receive", ReceiverReceive);

struct ReceiverNext : ReceiverReceive {
    void call(Deadline deadline) override { EXPECT_EQ(ends.receiver.next(deadline), 1); }
};
WEFT_WAITING_CALL("Receiver::next", ReceiverNext);

struct ReceiverLoop : ReceiverReceive {
    void call(Deadline) override {
        for (const int item : ends.receiver) {
            EXPECT_EQ(item, 1);
            break;
        }
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Receiver::begin", ReceiverLoop);

struct SenderSend : WaitingCall {
    void call(Deadline deadline) override { ends.sender.send(1, deadline); }
    void fulfil() override { EXPECT_EQ(ends.receiver.try_receive(), 1); }
    void expect_untouched() override { EXPECT_EQ(ends.receiver.try_receive(), std::nullopt); }
    Ends<int> ends = make_channel<int>();
};
WEFT_WAITING_CALL("Sender::send", SenderSend);

/// One to receive from and one to send to, of which nobody is at the other side.
struct SelectWaits : WaitingCall {
    void call(Deadline deadline) override {
        if (wait(deadline) == 2) {
            throw TimeoutError("the case of the timer");
        }
    }
    virtual std::size_t wait(Deadline deadline) {
        return select(on_receive(in), on_send(out, 1), on_timeout(deadline));
    }
    void fulfil() override { EXPECT_TRUE(in.try_send(1)); }
    void expect_untouched() override {
        EXPECT_EQ(in.balance(), 0);
        EXPECT_EQ(out.balance(), 0);
        EXPECT_FALSE(in.try_send(1));
        EXPECT_EQ(out.try_receive(), std::nullopt);
    }
    Channel<int> in;
    Channel<int> out;
};
WEFT_WAITING_CALL("select", SelectWaits);

struct SelectInOrder : SelectWaits {
    std::size_t wait(Deadline deadline) override {
        return select_in_order(on_send(out, 1), on_receive(in), on_timeout(deadline));
    }
    void fulfil() override { EXPECT_EQ(out.try_receive(), 1); }
};
WEFT_WAITING_CALL("select_in_order", SelectInOrder);

struct QueueGet : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(queue.get(deadline), 1); }
    void fulfil() override { queue.put(1); }
    void expect_untouched() override {
        queue.put(2);
        EXPECT_EQ(queue.try_get(), 2) << "nobody is there who would take it";
    }
    Queue<int> queue;
};
WEFT_WAITING_CALL("Queue::get", QueueGet);

struct QueueNext : QueueGet {
    void call(Deadline deadline) override { EXPECT_EQ(queue.next(deadline), 1); }
};
WEFT_WAITING_CALL("Queue::next", QueueNext);

struct QueuePeek : QueueGet {
    void call(Deadline deadline) override { EXPECT_EQ(queue.peek(deadline), 1); }
};
WEFT_WAITING_CALL("Queue::peek", QueuePeek);

struct QueueLoop : QueueGet {
    void call(Deadline) override {
        for (const int item : queue) {
            EXPECT_EQ(item, 1);
            break;
        }
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Queue::begin", QueueLoop);

template <class Q>
struct Put : WaitingCall {
    Put() { queue.put(0); }
    void call(Deadline deadline) override { queue.put(1, deadline); }
    void fulfil() override { EXPECT_EQ(queue.try_get(), 0); }
    void expect_untouched() override {
        EXPECT_EQ(queue.try_get(), 0);
        EXPECT_EQ(queue.try_get(), std::nullopt) << "what was not put in does not appear";
        queue.put(0);
    }
    Q queue{1};
};
using QueuePut = Put<Queue<int>>;
WEFT_WAITING_CALL("Queue::put", QueuePut);
using JoinablePut = Put<JoinableQueue<int>>;
WEFT_WAITING_CALL("JoinableQueue::put", JoinablePut);

struct JoinableJoin : WaitingCall {
    JoinableJoin() { queue.put(1); }
    void call(Deadline deadline) override { queue.join(deadline); }
    void fulfil() override { queue.task_done(); }
    void expect_untouched() override { EXPECT_EQ(queue.size(), 1U); }
    JoinableQueue<int> queue;
};
WEFT_WAITING_CALL("JoinableQueue::join", JoinableJoin);

struct SubscriptionReceive : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(*listener.receive(deadline), 1); }
    void fulfil() override { EXPECT_TRUE(broadcast.try_send(1)); }
    void expect_untouched() override { EXPECT_EQ(listener.try_receive(), nullptr); }
    Broadcast<int> broadcast{1};
    Subscription<int> listener = broadcast.subscribe();
};
WEFT_WAITING_CALL("Subscription::receive", SubscriptionReceive);

struct SubscriptionNext : SubscriptionReceive {
    void call(Deadline deadline) override { EXPECT_EQ(*listener.next(deadline), 1); }
};
WEFT_WAITING_CALL("Subscription::next", SubscriptionNext);

struct SubscriptionLoop : SubscriptionReceive {
    void call(Deadline) override {
        for (const auto& message : listener) {
            EXPECT_EQ(*message, 1);
            break;
        }
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Subscription::begin", SubscriptionLoop);

struct BroadcastSend : WaitingCall {
    BroadcastSend() { broadcast.send(0); }
    void call(Deadline deadline) override { broadcast.send(1, deadline); }
    void fulfil() override { EXPECT_EQ(*listener.try_receive(), 0); }
    void expect_untouched() override {
        EXPECT_EQ(*listener.try_receive(), 0);
        EXPECT_EQ(listener.try_receive(), nullptr) << "nobody sees what was not sent";
        broadcast.send(0);
    }
    Broadcast<int> broadcast{1};
    Subscription<int> listener = broadcast.subscribe();
};
WEFT_WAITING_CALL("Broadcast::send", BroadcastSend);

/// A letter that is not wanted lies there.
struct MailboxReceive : WaitingCall {
    MailboxReceive() { box.send(0); }
    void call(Deadline deadline) override {
        EXPECT_EQ(box.receive([](int letter) { return letter == 1; }, deadline), 1);
    }
    void fulfil() override { box.send(1); }
    void expect_untouched() override {
        EXPECT_EQ(box.try_receive(), 0);
        EXPECT_EQ(box.try_receive(), std::nullopt);
        box.send(0);
    }
    Mailbox<int> box;
};
WEFT_WAITING_CALL("Mailbox::receive", MailboxReceive);

}  // namespace
}  // namespace weft::test
