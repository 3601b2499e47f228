// The part of channels and queues that knows what they carry, and in which order. For the library's own use.
#pragma once

#include <weft/channel/channel_core.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::impl {

/// How an item lies in a channel: as it is, or in a box where its move may throw, so that nothing throws under the lock.
template <class T>
inline constexpr bool is_boxed =
    !std::is_nothrow_move_constructible_v<T> || !std::is_nothrow_move_assignable_v<T>;
template <class T>
using Stored = std::conditional_t<is_boxed<T>, std::unique_ptr<T>, T>;

template <class T>
const T& unboxed(const Stored<T>& stored) noexcept {
    if constexpr (is_boxed<T>) {
        return *stored;
    } else {
        return stored;
    }
}

/// Room for an item, which the channel makes in it.
template <class S>
union Slot {
    Slot() noexcept {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {}
    S item;
};

/// First in, first out.
struct Fifo {};

/// Last in, first out.
struct Lifo {};

/// The greatest first, as Compare says (std::less: the largest), as in std::priority_queue.
template <class Compare>
struct Greatest {
    [[no_unique_address]] Compare less;
};

template <class Order>
inline constexpr bool is_heap = false;
template <class Compare>
inline constexpr bool is_heap<Greatest<Compare>> = true;

template <class T, class Order>
class ItemChannel final : public ChannelCore {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "a channel carries objects, which it moves");

public:
    using Item = Stored<T>;

    explicit ItemChannel(std::size_t capacity, Order order = {})
        : ChannelCore(capacity, sizeof(Item), alignof(Item)), order_(std::move(order)) {}
    ~ItemChannel() override { free_items(); }

    Exchange send(Item& item, const ChannelEnd* end, Deadline deadline) {
        lock_.lock();
        return push_at_once(item, end) ? Exchange::done : send_locked(&item, end, deadline);
    }
    Exchange try_send(Item& item, const ChannelEnd* end) {
        lock_.lock();
        return push_at_once(item, end) ? Exchange::done : try_send_locked(&item, end);
    }
    Exchange receive(Slot<Item>& slot, const ChannelEnd* end, Deadline deadline) {
        lock_.lock();
        return pop_at_once(slot, end) ? Exchange::done : receive_locked(&slot.item, end, deadline);
    }
    Exchange try_receive(Slot<Item>& slot, const ChannelEnd* end) {
        lock_.lock();
        return pop_at_once(slot, end) ? Exchange::done : try_receive_locked(&slot.item, end);
    }

    /// The item of a slot, as a T or something made from it; one whose move throws goes back into the channel.
    template <class Result>
    Result unpack(Slot<Item>& slot) {
        struct End {
            Item& item;
            ~End() { std::destroy_at(&item); }
        };
        const End end{slot.item};
        if constexpr (is_boxed<T>) {
            try {
                return Result(std::move(*slot.item));
            } catch (...) {
                put_back(&slot.item);
                throw;
            }
        } else {
            return Result(std::move(slot.item));
        }
    }

    /// A copy of the item that comes next, if there is one. The copy is made under the lock.
    std::optional<T> peek() const {
        const std::lock_guard lock(lock_);
        if (items_.size == 0) {
            return std::nullopt;
        }
        return unboxed<T>(*at(next_index()));
    }

private:
    Item* at(std::size_t index) const noexcept {
        return std::launder(reinterpret_cast<Item*>(items_.items)) + index;
    }

    bool push_at_once(Item& item, const ChannelEnd* end) noexcept {
        const bool possible = receivers_.empty() && watchers_.empty() && items_.size < items_.slots &&
                              items_.size < capacity_ && state_ == Exchange::done &&
                              (end == nullptr || !end->closed);
        if (possible) {
            push_item(item);
            lock_.unlock();
        }
        return possible;
    }
    bool pop_at_once(Slot<Item>& slot, const ChannelEnd* end) noexcept {
        const bool possible = items_.size != 0 && senders_.empty() && (end == nullptr || !end->closed);
        if (possible) {
            pop_item(&slot.item);
            lock_.unlock();
        }
        return possible;
    }

    void push_item(Item& item) noexcept {
        ::new (static_cast<void*>(at(items_.wrap(items_.head + items_.size)))) Item(std::move(item));
        ++items_.size;
        if constexpr (is_heap<Order>) {
            std::push_heap(at(0), at(items_.size), comparison());
        }
    }
    void pop_item(void* to) noexcept {
        if constexpr (is_heap<Order>) {
            std::pop_heap(at(0), at(items_.size), comparison());
        }
        Item& item = *at(is_heap<Order> ? items_.size - 1 : next_index());
        ::new (to) Item(std::move(item));
        std::destroy_at(&item);
        --items_.size;
        if constexpr (std::is_same_v<Order, Fifo>) {
            items_.head = items_.wrap(items_.head + 1);
        }
    }
    std::size_t next_index() const noexcept {
        return std::is_same_v<Order, Lifo> ? items_.size - 1 : items_.head;
    }
    auto comparison() const noexcept {
        return [this](const Item& a, const Item& b) { return order_.less(unboxed<T>(a), unboxed<T>(b)); };
    }

    void construct(void* to, void* from) noexcept override {
        ::new (to) Item(std::move(*static_cast<Item*>(from)));
    }
    void push(void* from) noexcept override { push_item(*static_cast<Item*>(from)); }
    void push_front(void* from) noexcept override {
        if constexpr (std::is_same_v<Order, Fifo>) {
            items_.head = items_.wrap(items_.head - 1);
            ::new (static_cast<void*>(at(items_.head))) Item(std::move(*static_cast<Item*>(from)));
            ++items_.size;
        } else {
            push(from);
        }
    }
    void pop(void* to) noexcept override { pop_item(to); }
    void relocate(std::byte* fresh) noexcept override {
        auto* to = reinterpret_cast<Item*>(fresh);
        for (std::size_t i = 0; i < items_.size; ++i) {
            Item& item = *at(items_.wrap(items_.head + i));
            ::new (static_cast<void*>(to + i)) Item(std::move(item));
            std::destroy_at(&item);
        }
    }
    void destroy(const ItemArray& items) noexcept override {
        for (std::size_t i = 0; i < items.size; ++i) {
            std::destroy_at(std::launder(reinterpret_cast<Item*>(items.items)) + items.wrap(items.head + i));
        }
    }

    [[no_unique_address]] Order order_;
};

/// An item on its way into a channel, in the form in which it lies there; what is not taken goes back to where it was.
template <class T>
class Sending {
public:
    explicit Sending(T& item) noexcept : stored_(item) {}
    Stored<T>& stored() noexcept { return stored_; }

private:
    T& stored_;
};

template <class T>
requires is_boxed<T>
class Sending<T> {
public:
    explicit Sending(T& item) : item_(item), box_(std::make_unique<T>(std::move(item))) {}
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() noexcept(false) {
        if constexpr (std::is_move_assignable_v<T>) {
            if (box_ != nullptr) {
                item_ = std::move(*box_);
            }
        }
    }
    Stored<T>& stored() noexcept { return box_; }

private:
    T& item_;
    std::unique_ptr<T> box_;
};

}  // namespace weft::impl
