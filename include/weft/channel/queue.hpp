// Queues in the manner of gevent and of Python's standard library: puts and gets, in one of three orders.
#pragma once

#include <weft/channel/channel.hpp>
#include <weft/channel/errors.hpp>
#include <weft/channel/item_channel.hpp>
#include <weft/channel/item_iterator.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

namespace weft {

namespace impl {

/// A queue has room for something: zero stops the program.
WEFT_API std::size_t queue_capacity(std::size_t capacity);

/// The heap has the greatest on top: the smallest is the greatest the other way round.
template <class Compare>
struct Reversed {
    [[no_unique_address]] Compare less;
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return less(b, a);
    }
};

}  // namespace impl

/// The orders in which a queue gives its items. Of SmallestFirst, equal ones come in no particular order.
using OldestFirst = impl::Fifo;
using NewestFirst = impl::Lifo;
template <class T, class Compare = std::less<T>>
using SmallestFirst = impl::Greatest<impl::Reversed<Compare>>;

/// Holds up to `capacity` items, first in, first out unless it is a PriorityQueue or a LifoQueue. Getters are served in the order
/// in which they came, and putters too. What Channel says of T holds here too: its moves, and here its comparisons, run under a
/// lock; a comparison that throws stops the program.
///
/// A Channel does most of this. A queue can also be looked into and resized, and has other orders.
template <class T, class Order = OldestFirst>
class Queue {
public:
    using value_type = T;

    explicit Queue(std::size_t capacity = unbounded, Order order = {})
        : core_(impl::queue_capacity(capacity), std::move(order)) {}

    /// Puts an item in.
    ///
    /// Suspends:  while the queue is full.
    /// Cancel:    the item is not in the queue; `item` is as it was, if T's move does not throw.
    /// Errors:    ChannelClosed after shutdown(); TimeoutError past `deadline`; std::bad_alloc; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void put(T&& item, Deadline deadline = never) {
        impl::Sending<T> sending(item);
        check(core_.send(sending.stored(), nullptr, deadline), "put");
    }
    void put(const T& item, Deadline deadline = never) requires std::copy_constructible<T> {
        put(T(item), deadline);
    }

    /// Puts it in if there is room; else false, and `item` is as it was. Never waits.
    ///
    /// Errors:    ChannelClosed after shutdown(); std::bad_alloc.
    [[nodiscard]] bool try_put(T&& item) {
        impl::Sending<T> sending(item);
        return check(core_.try_send(sending.stored(), nullptr), "put");
    }
    [[nodiscard]] bool try_put(const T& item) requires std::copy_constructible<T> { return try_put(T(item)); }

    /// Takes the next item.
    ///
    /// Suspends:  while the queue is empty.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed after shutdown(), once empty; TimeoutError past `deadline`; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    T get(Deadline deadline = never) {
        impl::Slot<Item> slot;
        check(core_.receive(slot, nullptr, deadline), "get");
        return core_.template unpack<T>(slot);
    }

    /// As get(), but no item says that the queue has been shut down and is empty.
    ///
    /// Suspends:  while the queue is empty.
    /// Cancel:    nothing is taken.
    /// Errors:    TimeoutError past `deadline`; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::optional<T> next(Deadline deadline = never) {
        impl::Slot<Item> slot;
        if (core_.receive(slot, nullptr, deadline) != impl::Exchange::done) {
            return std::nullopt;
        }
        return core_.template unpack<std::optional<T>>(slot);
    }

    /// Takes the next item if there is one. Never waits.
    ///
    /// Errors:    ChannelClosed after shutdown(), once empty.
    [[nodiscard]] std::optional<T> try_get() {
        impl::Slot<Item> slot;
        if (!check(core_.try_receive(slot, nullptr), "get")) {
            return std::nullopt;
        }
        return core_.template unpack<std::optional<T>>(slot);
    }

    /// A copy of the item that comes next, which stays. The copy is made under the queue's lock.
    ///
    /// Suspends:  while the queue is empty.
    /// Cancel:    the queue is not affected.
    /// Errors:    ChannelClosed after shutdown(), once empty; TimeoutError past `deadline`; what T's copying throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    T peek(Deadline deadline = never) requires std::copy_constructible<T> {
        for (;;) {
            if (std::optional<T> item = core_.peek()) {
                return std::move(*item);
            }
            check(core_.await_item(deadline), "peek");
        }
    }

    /// As peek() if there is an item. Never waits.
    [[nodiscard]] std::optional<T> try_peek() const requires std::copy_constructible<T> {
        return core_.peek();
    }

    /// For wait_any() and its companions: ready while a get would not wait, also because the queue is shut down. Nothing is taken,
    /// so another getter may be faster.
    Waitable waitable() noexcept { return core_.waitable(); }

    /// Makes room for as many, at least one. Putters that wait go on where there is room now. Where there are more items than
    /// that, they stay, and the next puts wait. Never waits.
    ///
    /// Errors:    std::bad_alloc.
    void resize(std::size_t capacity) { core_.resize(impl::queue_capacity(capacity)); }

    /// Ends the queue: putters, those that wait too, get ChannelClosed; getters get what is left, unless it is `immediate`, and
    /// then ChannelClosed, or the end of their loop. What is left is destroyed at once if it is `immediate`. Never waits.
    void shutdown(bool immediate = false) noexcept { core_.close(immediate); }

    [[nodiscard]] bool is_shut_down() const noexcept { return core_.is_closed(); }
    [[nodiscard]] std::size_t size() const noexcept { return core_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t capacity() const noexcept { return core_.capacity(); }

    /// For range-for: gets each item until the queue has been shut down and is empty.
    ///
    /// Suspends:  while the queue is empty.
    /// Cancel:    nothing is taken.
    /// Errors:    what T's move throws.
    /// Threads:   any fiber or thread, several at once: each item goes to one of the loops.
    /// Since:     0.1
    impl::ItemIterator<Queue> begin() { return impl::ItemIterator<Queue>(*this); }
    std::default_sentinel_t end() noexcept { return {}; }

private:
    template <class U, class Any>
    friend class JoinableQueue;
    using Item = impl::Stored<T>;

    static bool check(impl::Exchange how, const char* operation) {
        if (how != impl::Exchange::done && how != impl::Exchange::would_wait) {
            impl::throw_not_exchanged(how, operation);
        }
        return how == impl::Exchange::done;
    }

    impl::ItemChannel<T, Order> core_;
};

/// Gives the smallest item first, as `Compare` says.
template <class T, class Compare = std::less<T>>
using PriorityQueue = Queue<T, SmallestFirst<T, Compare>>;

/// Gives the newest item first.
template <class T>
using LifoQueue = Queue<T, NewestFirst>;

}  // namespace weft
