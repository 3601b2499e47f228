// The waits in channels, and the exchange of an item between two callers.
#pragma once

#include "core/wait.hpp"

#include <weft/channel/channel_core.hpp>

namespace weft::impl {

/// A queue of a channel, as the records in it see it.
class ChannelSide {
public:
    ChannelSide(ChannelCore& core, WaitList& list) noexcept : core_(core), list_(list) {}

    bool delist(WaitNode& node) noexcept {
        const std::lock_guard lock(core_.lock_);
        const bool linked = node.linked;
        if (linked) {
            list_.remove(node);
        }
        return linked;
    }

private:
    ChannelCore& core_;
    WaitList& list_;
};

inline ItemTransfer& transfer_of(const WaitNode& node) noexcept {
    return *static_cast<ItemTransfer*>(node.cargo);
}

/// Those that leave the queues under the lock, and are woken after it.
class Chain {
public:
    void add(WaitNode& node, Exchange how) noexcept {
        if (node.cargo != nullptr) {  // else it watches the channel beside other things
            transfer_of(node).how = how;
        }
        node.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &node;
        last_ = &node;
    }
    /// All of the list.
    void add(WaitList& list, Exchange how) noexcept {
        while (WaitNode* node = list.pop_node()) {
            add(*node, how);
        }
    }
    /// Those that wait through `end`.
    void add(WaitList& list, const ChannelEnd& end) noexcept {
        WaitNode* next = nullptr;
        for (WaitNode* node = list.first(); node != nullptr; node = next) {
            next = node->next;
            if (transfer_of(*node).end == &end) {
                list.remove(*node);
                if (node->record->take(node->tag)) {
                    add(*node, Exchange::end_closed);
                }
            }
        }
    }
    WaitNode* first() const noexcept { return first_; }

private:
    WaitNode* first_ = nullptr;
    WaitNode* last_ = nullptr;
};

inline bool is_closed_end(const ChannelEnd* end) noexcept { return end != nullptr && end->closed; }

inline WaitNode* ChannelCore::release_watchers() noexcept {
    if (watchers_.empty()) [[likely]] {
        return nullptr;
    }
    Chain chain;
    chain.add(watchers_, Exchange::done);
    return chain.first();
}

inline Exchange ChannelCore::offer(void* item, WaitNode*& woken) noexcept {
    if (state_ != Exchange::done) {
        return state_;
    }
    if (WaitNode* receiver = receivers_.pop_node()) {
        ItemTransfer& to = transfer_of(*receiver);
        construct(to.item, item);
        to.how = Exchange::done;
        receiver->next = nullptr;
        woken = receiver;
        return Exchange::done;
    }
    if (items_.size >= capacity_) {
        return Exchange::would_wait;
    }
    if (items_.size == items_.slots) {
        return Exchange::no_memory_yet;
    }
    push(item);
    woken = release_watchers();
    return Exchange::done;
}

inline Exchange ChannelCore::take(void* slot, WaitNode*& woken) noexcept {
    const bool stored = items_.size != 0;
    if (stored) {
        pop(slot);
        if (items_.size >= capacity_) {
            return Exchange::done;
        }
    }
    if (WaitNode* sender = senders_.pop_node()) {
        ItemTransfer& from = transfer_of(*sender);
        if (stored) {
            push(from.item);
        } else {
            construct(slot, from.item);
        }
        from.how = Exchange::done;
        sender->next = nullptr;
        woken = sender;
        return Exchange::done;
    }
    if (stored) {
        return Exchange::done;
    }
    return state_ == Exchange::done ? Exchange::would_wait : state_;
}

}  // namespace weft::impl
