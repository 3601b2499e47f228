// Channels and queues: who gives an item to whom, and who waits.
#include "channel/channel_core.hpp"

#include "base/assert.hpp"
#include "core/awaitable.hpp"
#include "core/park_inline.hpp"
#include "sync/wait_queue.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace weft::impl {

static_assert(Awaitable<ChannelCore>);

namespace {

std::ptrdiff_t count_open(const WaitList& list) noexcept {
    std::ptrdiff_t count = 0;
    for (const WaitNode* node = list.first(); node != nullptr; node = node->next) {
        const WaitRecord& record = *node->record;
        count += !record.in_set || record.winner() == open_tag ? 1 : 0;
    }
    return count;
}

/// Whether anybody is in the list but fibers that a fork has left behind in the parent.
bool used(const WaitList& list) noexcept {
    const WaitNode* node = list.first();
    while (node != nullptr && node->record->winner() == left_behind_tag) {
        node = node->next;
    }
    return node != nullptr;
}

}  // namespace

ChannelCore::ChannelCore(std::size_t capacity, std::size_t item_size, std::size_t item_alignment) noexcept
    : capacity_(capacity), item_size_(item_size), item_alignment_(item_alignment) {}

ChannelCore::~ChannelCore() {
    WEFT_CHECK(!used(receivers_) && !used(senders_) && !used(watchers_),
               "a channel or queue is destroyed while somebody waits in it");
}

void ChannelCore::free_items() noexcept {
    destroy(items_);
    ::operator delete (items_.items, std::align_val_t{item_alignment_});
}

[[gnu::always_inline]] inline Exchange ChannelCore::give(void* item, const ChannelEnd* end) {
    for (;;) {
        WaitNode* woken = nullptr;
        const Exchange how = is_closed_end(end) ? Exchange::end_closed : offer(item, woken);
        if (how == Exchange::no_memory_yet) {
            grow();
        } else {
            if (how != Exchange::would_wait) {
                lock_.unlock();
                wake_chain(woken);
            }
            return how;
        }
    }
}

[[gnu::always_inline]] inline Exchange ChannelCore::get(void* slot, const ChannelEnd* end) noexcept {
    WaitNode* woken = nullptr;
    const Exchange how = is_closed_end(end) ? Exchange::end_closed : take(slot, woken);
    if (how != Exchange::would_wait) {
        lock_.unlock();
        wake_chain(woken);
    }
    return how;
}

void ChannelCore::grow() {
    constexpr std::size_t first_slots = 8;
    ItemArray fresh;
    fresh.slots = std::max(items_.slots * 2, first_slots);
    lock_.unlock();
    const std::align_val_t alignment{item_alignment_};
    fresh.items = static_cast<std::byte*>(::operator new(fresh.slots* item_size_, alignment));
    lock_.lock();
    if (items_.slots < fresh.slots) {
        relocate(fresh.items);
        fresh.size = items_.size;
        std::swap(items_, fresh);
    }
    lock_.unlock();
    ::operator delete(fresh.items, alignment);
    lock_.lock();
}

[[gnu::always_inline]] inline Exchange ChannelCore::wait(WaitList& list, void* item, const ChannelEnd* end,
                                                         Deadline& deadline) {
    const bool sends = &list == &senders_;
    ItemTransfer transfer{item, end};
    ChannelSide queue(*this, list);
    QueueRecord<ChannelSide> record(sends ? WaitReason::send : WaitReason::receive, this, queue);
    record.node.cargo = &transfer;
    list.push(record.node);
    WaitNode* const watchers = sends ? release_watchers() : nullptr;
    lock_.unlock();
    wake_chain(watchers);
    if (const Wake how = park_inline(record, deadline); how != Wake::woken) [[unlikely]] {
        throw_unwoken(how, sends ? "send to a channel" : "receive from a channel");
    }
    return transfer.how;
}

[[gnu::noinline]] Exchange ChannelCore::wait_to_send(void* item, const ChannelEnd* end, Deadline& deadline) {
    return wait(senders_, item, end, deadline);
}

Exchange ChannelCore::send_locked(void* item, const ChannelEnd* end, Deadline deadline) {
    const Exchange how = give(item, end);
    return how == Exchange::would_wait ? wait_to_send(item, end, deadline) : how;
}

Exchange ChannelCore::receive_locked(void* slot, const ChannelEnd* end, Deadline deadline) {
    const Exchange how = get(slot, end);
    return how == Exchange::would_wait ? wait(receivers_, slot, end, deadline) : how;
}

Exchange ChannelCore::try_send_locked(void* item, const ChannelEnd* end) {
    const Exchange how = give(item, end);
    if (how == Exchange::would_wait) {
        lock_.unlock();
    }
    return how;
}

Exchange ChannelCore::try_receive_locked(void* slot, const ChannelEnd* end) noexcept {
    const Exchange how = get(slot, end);
    if (how == Exchange::would_wait) {
        lock_.unlock();
    }
    return how;
}

void ChannelCore::put_back(void* item) {
    lock_.lock();
    Chain chain;
    for (;;) {
        if (WaitNode* receiver = receivers_.pop_node()) {
            construct(transfer_of(*receiver).item, item);
            chain.add(*receiver, Exchange::done);
            break;
        }
        if (items_.size < items_.slots) {
            push_front(item);
            chain.add(watchers_, Exchange::done);
            break;
        }
        grow();
    }
    lock_.unlock();
    wake_chain(chain.first());
}

Exchange ChannelCore::await_item(Deadline& deadline) {
    lock_.lock();
    if (items_.size == 0 && state_ == Exchange::done) {
        return wait(watchers_, nullptr, nullptr, deadline);
    }
    const Exchange how = items_.size != 0 ? Exchange::done : state_;
    lock_.unlock();
    return how;
}

bool ChannelCore::receivable() const noexcept {
    return items_.size != 0 || state_ != Exchange::done || count_open(senders_) != 0;
}

bool ChannelCore::ready() const noexcept {
    const std::lock_guard lock(lock_);
    return receivable();
}

bool ChannelCore::enlist(WaitNode& node) noexcept {
    const std::lock_guard lock(lock_);
    const bool queued = !receivable();
    if (queued) {
        watchers_.push(node);
    } else {
        static_cast<void>(node.record->take(node.tag));
    }
    return queued;
}

bool ChannelCore::delist(WaitNode& node) noexcept { return ChannelSide(*this, watchers_).delist(node); }

Waitable ChannelCore::waitable() noexcept { return make_waitable(*this); }

void ChannelCore::end(Exchange why, ItemArray* dropped) noexcept {
    Chain chain;
    {
        const std::lock_guard lock(lock_);
        if (state_ == Exchange::done) {
            state_ = why;
        }
        chain.add(receivers_, state_);
        chain.add(watchers_, state_);
        chain.add(senders_, state_);
        if (dropped != nullptr) {
            std::swap(*dropped, items_);
        }
    }
    wake_chain(chain.first());
}

std::size_t ChannelCore::end_and_drop(Exchange why) noexcept {
    ItemArray dropped;
    end(why, &dropped);
    destroy(dropped);
    ::operator delete (dropped.items, std::align_val_t{item_alignment_});
    return dropped.size;
}

std::size_t ChannelCore::close(bool drop) noexcept {
    if (drop) {
        return end_and_drop(Exchange::closed);
    }
    end(Exchange::closed, nullptr);
    return 0;
}

void ChannelCore::open_end(Side side) noexcept {
    const std::lock_guard lock(lock_);
    ++ends_[static_cast<std::size_t>(side)];
}

bool ChannelCore::open_end_like(Side side, const ChannelEnd& end) noexcept {
    const std::lock_guard lock(lock_);
    if (!end.closed) {
        ++ends_[static_cast<std::size_t>(side)];
    }
    return !end.closed;
}

void ChannelCore::close_end(Side side, ChannelEnd& end) noexcept {
    Chain chain;
    bool last = false;
    {
        const std::lock_guard lock(lock_);
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
    lock_.lock();
    capacity_ = capacity;
    while (items_.size < capacity_ && !senders_.empty()) {
        if (items_.size == items_.slots) {
            grow();
            continue;
        }
        if (WaitNode* sender = senders_.pop_node()) {
            ItemTransfer& from = transfer_of(*sender);
            push(from.item);
            from.how = Exchange::done;
            lock_.unlock();
            wake(*sender->record);
            lock_.lock();
        }
    }
    lock_.unlock();
}

std::size_t ChannelCore::size() const noexcept {
    const std::lock_guard lock(lock_);
    return items_.size;
}

std::size_t ChannelCore::capacity() const noexcept {
    const std::lock_guard lock(lock_);
    return capacity_;
}

bool ChannelCore::is_closed() const noexcept {
    const std::lock_guard lock(lock_);
    return state_ != Exchange::done;
}

std::ptrdiff_t ChannelCore::balance() const noexcept {
    const std::lock_guard lock(lock_);
    return count_open(senders_) - count_open(receivers_);
}

}  // namespace weft::impl
