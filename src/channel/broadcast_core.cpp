// Broadcast: one ring of messages, and a place in it for each receiver.
#include <weft/channel/broadcast_core.hpp>

#include "base/assert.hpp"
#include "core/awaitable.hpp"
#include "core/park.hpp"
#include "sync/wait_queue.hpp"

#include <mutex>
#include <utility>

namespace weft::impl {

/// A queue of the core, as the records in it see it.
class BroadcastQueue {
public:
    BroadcastQueue(BroadcastCore& core, WaitList& list) noexcept : core_(core), list_(list) {}
    bool delist(WaitNode& node) noexcept {
        const std::lock_guard lock(core_.lock_);
        const bool linked = node.linked;
        if (linked) {
            list_.remove(node);
        }
        return linked;
    }

private:
    BroadcastCore& core_;
    WaitList& list_;
};

/// What a waiting sender gives, or a waiting receiver wants.
struct BroadcastCore::Wait {
    Message* message;
    Subscriber* by;  ///< null: a sender
    Exchange how = Exchange::would_wait;
};

/// Whom and what a change leaves behind, for after the lock.
struct BroadcastCore::Leaving {
    void wake(WaitNode& node, Exchange how) noexcept {
        static_cast<Wait*>(node.cargo)->how = how;
        node.next = nullptr;
        (last != nullptr ? last->next : first) = &node;
        last = &node;
    }
    WaitNode* first = nullptr;
    WaitNode* last = nullptr;
};

BroadcastCore::BroadcastCore(std::size_t capacity, SlowReceiver slow) : slow_(slow), ring_(capacity) {
    WEFT_CHECK(capacity != 0, "a Broadcast without room for a message");
}

BroadcastCore::~BroadcastCore() {
    WEFT_CHECK(senders_.empty() && receivers_.empty(), "a Broadcast is destroyed while somebody waits in it");
}

bool BroadcastCore::has_room() const noexcept {
    return slow_ != SlowReceiver::wait || next_ - first_ < ring_.size() || subscribers_ == nullptr;
}

// What all have seen goes at once, so that its memory does. It is never the last reference that ends under the lock: somebody
// who has just been given the message holds another one.

inline void BroadcastCore::see(Subscriber& by, Message& slot) noexcept {
    slot = message_of(by.at++);
    Message seen;
    static_cast<void>(forget_one(seen));
}

bool BroadcastCore::forget_one(Message& forgotten) noexcept {
    if (first_ == next_) {
        return false;
    }
    for (const Subscriber* each = subscribers_; each != nullptr; each = each->next) {
        if (each->at <= first_) {
            return false;
        }
    }
    forgotten = std::move(message_of(first_++));
    return true;
}

void BroadcastCore::append(Message& message, Leaving& leaving) noexcept {
    if (subscribers_ == nullptr) {
        return;
    }
    if (next_ - first_ == ring_.size()) {
        ++first_;  // the sender destroys it, in exchange for what it has sent
    }
    message_of(next_++).swap(message);
    WaitNode* next = nullptr;
    for (WaitNode* node = receivers_.first(); node != nullptr; node = next) {
        next = node->next;
        const Wait& waiting = *static_cast<Wait*>(node->cargo);
        if (waiting.by->at < next_) {
            receivers_.remove(*node);
            see(*waiting.by, *waiting.message);
            leaving.wake(*node, Exchange::done);
        }
    }
}

void BroadcastCore::let_senders_in(Leaving& leaving) noexcept {
    while (has_room()) {
        WaitNode* sender = senders_.pop_node();
        if (sender == nullptr) {
            return;
        }
        append(*static_cast<Wait*>(sender->cargo)->message, leaving);
        leaving.wake(*sender, Exchange::done);
    }
}

Exchange BroadcastCore::wait(WaitList& list, Message& message, Subscriber* by, Deadline& deadline) {
    const bool sends = by == nullptr;
    Wait waiting{&message, by};
    BroadcastQueue queue(*this, list);
    QueueRecord<BroadcastQueue> record(sends ? WaitReason::send : WaitReason::receive, this, queue);
    record.node.cargo = &waiting;
    list.push(record.node);
    lock_.unlock();
    park_or_throw(record, deadline, sends ? "send to a broadcast" : "receive from a broadcast");
    return waiting.how;
}

Exchange BroadcastCore::send(Message& message, Deadline* deadline) {
    lock_.lock();
    Leaving leaving;
    Exchange how = Exchange::done;
    if (closed_) {
        how = Exchange::closed;
    } else if (has_room()) {
        append(message, leaving);
    } else if (deadline != nullptr) {
        return wait(senders_, message, nullptr, *deadline);
    } else {
        how = Exchange::would_wait;
    }
    lock_.unlock();
    wake_chain(leaving.first);
    return how;
}

Exchange BroadcastCore::receive(Subscriber& by, Message& slot, std::uint64_t& missed, Deadline* deadline) {
    lock_.lock();
    missed = by.at < first_ ? first_ - by.at : 0;
    by.at += missed;
    by.dropped += missed;
    Leaving leaving;
    Exchange how = Exchange::done;
    if (missed != 0 && slow_ == SlowReceiver::fail) {
        slot.reset();
    } else if (by.at < next_) {
        see(by, slot);
        let_senders_in(leaving);
    } else if (closed_) {
        how = Exchange::closed;
    } else if (deadline != nullptr) {
        return wait(receivers_, slot, &by, *deadline);
    } else {
        how = Exchange::would_wait;
    }
    lock_.unlock();
    wake_chain(leaving.first);
    return how;
}

void BroadcastCore::subscribe(Subscriber& fresh) noexcept {
    const std::lock_guard lock(lock_);
    fresh.at = next_;
    fresh.next = std::exchange(subscribers_, &fresh);
}

void BroadcastCore::unsubscribe(Subscriber& gone) noexcept {
    Leaving leaving;
    lock_.lock();
    Subscriber** at = &subscribers_;
    while (*at != &gone) {
        at = &(*at)->next;
    }
    *at = gone.next;
    Message seen;
    while (forget_one(seen)) {
        lock_.unlock();
        seen.reset();
        lock_.lock();
    }
    let_senders_in(leaving);
    lock_.unlock();
    wake_chain(leaving.first);
}

void BroadcastCore::close() noexcept {
    Leaving leaving;
    lock_.lock();
    closed_ = true;
    for (WaitList* list : {&senders_, &receivers_}) {
        while (WaitNode* node = list->pop_node()) {
            leaving.wake(*node, Exchange::closed);
        }
    }
    lock_.unlock();
    wake_chain(leaving.first);
}

std::uint64_t BroadcastCore::dropped(const Subscriber& by) const noexcept {
    const std::lock_guard lock(lock_);
    return by.dropped;
}

}  // namespace weft::impl
