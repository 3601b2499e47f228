// Channels and queues: who gives an item to whom, and who waits.
#include "channel/channel_core.hpp"

#include "base/assert.hpp"
#include "core/awaitable.hpp"
#include "core/park.hpp"
#include "sync/wait_queue.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace weft::impl {

namespace {

/// Those that leave the queues under the lock, and are woken after it.
class Chain {
public:
    void add(WaitNode& node, Exchange how) noexcept {
        transfer_of(node).how = how;
        node.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &node;
        last_ = &node;
    }
    /// All of the list.
    void add(WaitList& list, Exchange how) noexcept {
        while (WaitNode* node = list.pop_chain(1)) {
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

std::ptrdiff_t count_open(const WaitList& list) noexcept {
    std::ptrdiff_t count = 0;
    for (const WaitNode* node = list.first(); node != nullptr; node = node->next) {
        const WaitRecord& record = *node->record;
        count += !record.in_set || record.winner() == open_tag ? 1 : 0;
    }
    return count;
}

bool is_closed_end(const ChannelEnd* end) noexcept { return end != nullptr && end->closed; }

}  // namespace

ChannelCore::ChannelCore(std::size_t capacity, std::size_t item_size, std::size_t item_alignment) noexcept
    : capacity_(capacity), item_size_(item_size), item_alignment_(item_alignment) {}

ChannelCore::~ChannelCore() {
    WEFT_CHECK(receivers_.empty() && senders_.empty(),
               "a channel or queue is destroyed while somebody waits in it");
}

void ChannelCore::free_items() noexcept {
    destroy(items_);
    ::operator delete (items_.items, std::align_val_t{item_alignment_});
}

Exchange ChannelCore::offer(void* item, WaitNode*& woken) noexcept {
    if (state_ != Exchange::done) {
        return state_;
    }
    Chain chain;
    bool taken = false;
    while (!taken) {
        WaitNode* node = receivers_.pop_chain(1);
        if (node == nullptr) {
            break;
        }
        Transfer& to = transfer_of(*node);
        taken = !to.peeks;
        chain.add(*node, to.peeks ? Exchange::look_again : Exchange::done);
        if (taken) {
            construct(to.item, item);
        }
    }
    woken = chain.first();
    if (taken) {
        return Exchange::done;
    }
    if (items_.size >= capacity_) {
        return Exchange::would_wait;
    }
    if (items_.size == items_.slots) {
        return Exchange::no_memory_yet;
    }
    push(item);
    return Exchange::done;
}

Exchange ChannelCore::take(void* slot, WaitNode*& woken) noexcept {
    const bool stored = items_.size != 0;
    if (stored) {
        pop(slot);
        if (items_.size >= capacity_) {
            return Exchange::done;
        }
    }
    if (WaitNode* sender = senders_.pop_chain(1)) {
        Transfer& from = transfer_of(*sender);
        if (stored) {
            push(from.item);
        } else {
            construct(slot, from.item);
        }
        from.how = Exchange::done;
        woken = sender;
        return Exchange::done;
    }
    if (stored) {
        return Exchange::done;
    }
    return state_ == Exchange::done ? Exchange::would_wait : state_;
}

void ChannelCore::grow(Lock& lock) {
    constexpr std::size_t first_slots = 8;
    ItemArray fresh;
    fresh.slots = std::max(items_.slots * 2, first_slots);
    lock.unlock();
    const std::align_val_t alignment{item_alignment_};
    fresh.items = static_cast<std::byte*>(::operator new(fresh.slots* item_size_, alignment));
    lock.lock();
    if (items_.slots < fresh.slots) {
        relocate(fresh.items);
        fresh.size = items_.size;
        std::swap(items_, fresh);
    }
    lock.unlock();
    ::operator delete(fresh.items, alignment);
    lock.lock();
}

Exchange ChannelCore::offer_with_memory(Lock& lock, void* item, const ChannelEnd* end, WaitNode*& woken) {
    for (;;) {
        const Exchange how = is_closed_end(end) ? Exchange::end_closed : offer(item, woken);
        if (how != Exchange::no_memory_yet) {
            return how;
        }
        lock.unlock();
        wake_chain(std::exchange(woken, nullptr));
        lock.lock();
        grow(lock);
    }
}

Exchange ChannelCore::wait(Lock& lock, Side side, Transfer& transfer, Deadline& deadline) {
    const bool sends = side == Side::senders;
    ChannelSide queue(*this, side);
    QueueRecord<ChannelSide> record(sends ? WaitReason::send : WaitReason::receive, this, queue);
    record.node.cargo = &transfer;
    waiting(side).push(record.node);
    lock.unlock();
    park_or_throw(record, deadline, sends ? "send to a channel" : "receive from a channel");
    return transfer.how;
}

Exchange ChannelCore::send_locked(void* item, const ChannelEnd* end, Deadline deadline) {
    Lock lock(lock_, std::adopt_lock);
    WaitNode* woken = nullptr;
    const Exchange how = offer_with_memory(lock, item, end, woken);
    if (how == Exchange::would_wait) {
        Transfer transfer{item, end};
        return wait(lock, Side::senders, transfer, deadline);
    }
    lock.unlock();
    wake_chain(woken);
    return how;
}

Exchange ChannelCore::receive_locked(void* slot, const ChannelEnd* end, Deadline deadline) {
    Lock lock(lock_, std::adopt_lock);
    if (is_closed_end(end)) {
        return Exchange::end_closed;
    }
    WaitNode* woken = nullptr;
    const Exchange how = take(slot, woken);
    if (how == Exchange::would_wait) {
        Transfer transfer{slot, end};
        return wait(lock, Side::receivers, transfer, deadline);
    }
    lock.unlock();
    wake_chain(woken);
    return how;
}

Exchange ChannelCore::try_send_locked(void* item, const ChannelEnd* end) {
    Lock lock(lock_, std::adopt_lock);
    WaitNode* woken = nullptr;
    const Exchange how = offer_with_memory(lock, item, end, woken);
    lock.unlock();
    wake_chain(woken);
    return how;
}

Exchange ChannelCore::try_receive_locked(void* slot, const ChannelEnd* end) noexcept {
    Lock lock(lock_, std::adopt_lock);
    if (is_closed_end(end)) {
        return Exchange::end_closed;
    }
    WaitNode* woken = nullptr;
    const Exchange how = take(slot, woken);
    lock.unlock();
    wake_chain(woken);
    return how;
}

void ChannelCore::put_back(void* item) {
    Lock lock(lock_);
    Chain chain;
    while (WaitNode* node = receivers_.pop_chain(1)) {
        Transfer& to = transfer_of(*node);
        if (!to.peeks) {
            construct(to.item, item);
            chain.add(*node, Exchange::done);
            lock.unlock();
            wake_chain(chain.first());
            return;
        }
        chain.add(*node, Exchange::look_again);
    }
    while (items_.size == items_.slots) {
        grow(lock);
    }
    push_front(item);
    lock.unlock();
    wake_chain(chain.first());
}

Exchange ChannelCore::await_item(const ChannelEnd* end, Deadline deadline) {
    Lock lock(lock_);
    if (is_closed_end(end)) {
        return Exchange::end_closed;
    }
    if (items_.size != 0) {
        return Exchange::done;
    }
    if (state_ != Exchange::done) {
        return state_;
    }
    Transfer transfer{nullptr, end, true};
    return wait(lock, Side::receivers, transfer, deadline);
}

void ChannelCore::end(Exchange why, ItemArray* dropped) noexcept {
    Chain chain;
    {
        const Lock lock(lock_);
        if (state_ == Exchange::done) {
            state_ = why;
        }
        chain.add(receivers_, state_);
        chain.add(senders_, state_);
        if (dropped != nullptr) {
            std::swap(*dropped, items_);
        }
    }
    wake_chain(chain.first());
}

void ChannelCore::end_and_drop(Exchange why) noexcept {
    ItemArray dropped;
    end(why, &dropped);
    destroy(dropped);
    ::operator delete (dropped.items, std::align_val_t{item_alignment_});
}

void ChannelCore::close(bool drop) noexcept {
    if (drop) {
        end_and_drop(Exchange::closed);
    } else {
        end(Exchange::closed, nullptr);
    }
}

void ChannelCore::open_end(Side side) noexcept {
    const Lock lock(lock_);
    ++ends_[static_cast<std::size_t>(side)];
}

bool ChannelCore::open_end_like(Side side, const ChannelEnd& end) noexcept {
    const Lock lock(lock_);
    if (!end.closed) {
        ++ends_[static_cast<std::size_t>(side)];
    }
    return !end.closed;
}

void ChannelCore::close_end(Side side, ChannelEnd& end) noexcept {
    Chain chain;
    bool last = false;
    {
        const Lock lock(lock_);
        if (std::exchange(end.closed, true)) {
            return;
        }
        chain.add(waiting(side), end);
        last = --ends_[static_cast<std::size_t>(side)] == 0;
    }
    wake_chain(chain.first());
    if (!last) {
        return;
    }
    if (side == Side::senders) {
        this->end(Exchange::closed, nullptr);
    } else {
        end_and_drop(Exchange::broken);
    }
}

void ChannelCore::resize(std::size_t capacity) {
    Lock lock(lock_);
    capacity_ = capacity;
    while (items_.size < capacity_ && !senders_.empty()) {
        if (items_.size == items_.slots) {
            grow(lock);
            continue;
        }
        if (WaitNode* sender = senders_.pop_chain(1)) {
            Transfer& from = transfer_of(*sender);
            push(from.item);
            from.how = Exchange::done;
            lock.unlock();
            wake(*sender->record);
            lock.lock();
        }
    }
}

std::size_t ChannelCore::size() const noexcept {
    const Lock lock(lock_);
    return items_.size;
}

std::size_t ChannelCore::capacity() const noexcept {
    const Lock lock(lock_);
    return capacity_;
}

bool ChannelCore::is_closed() const noexcept {
    const Lock lock(lock_);
    return state_ != Exchange::done;
}

std::ptrdiff_t ChannelCore::balance() const noexcept {
    const Lock lock(lock_);
    return count_open(senders_) - count_open(receivers_);
}

}  // namespace weft::impl
