// Channels: items that go from fiber to fiber, in order, with as much room between as is wanted.
#pragma once

#include <weft/channel/errors.hpp>
#include <weft/channel/item_channel.hpp>
#include <weft/channel/item_iterator.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace weft {

namespace impl {
struct SelectAccess;
}

/// The capacity of a channel or queue that always has room.
inline constexpr std::size_t unbounded = impl::ChannelCore::unbounded;

/// Carries items of type T, each from one sender to one receiver, first in, first out. With no capacity, a send ends when a
/// receiver has the item; with a capacity, as many items wait in between; with `unbounded`, a send never waits.
///
/// An item goes to the receiver that has waited longest, and room to the sender that has: nobody who comes later gets ahead.
/// Moves of T run under the channel's lock and must not wait or use the channel. Where they may throw, each item gets a box on
/// the heap, and one that fails to move out of it to its receiver is the next one again.
///
/// All of it may be used by any fiber or thread, several at once. The channel is destroyed when no call on it is under way but
/// those that have handed over what the destroyer has waited for.
template <class T>
class Channel {
public:
    using value_type = T;

    explicit Channel(std::size_t capacity = 0) : core_(capacity) {}

    /// Gives an item to a receiver, or puts it into the channel.
    ///
    /// Suspends:  while there is no room, and no receiver waits.
    /// Cancel:    the item is not sent; `item` is as it was (gone if T's move may throw).
    /// Errors:    ChannelClosed; TimeoutError past `deadline`; std::bad_alloc; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send(T&& item, Deadline deadline = never) {
        impl::Sending<T> sending(item);
        check(core_.send(sending.stored(), nullptr, deadline), "send");
    }
    void send(const T& item, Deadline deadline = never) requires std::copy_constructible<T> {
        send(T(item), deadline);
    }

    /// Sends it if that is possible at once; else false, and `item` is as it was. Never waits.
    ///
    /// Errors:    ChannelClosed; std::bad_alloc.
    [[nodiscard]] bool try_send(T&& item) {
        impl::Sending<T> sending(item);
        return check(core_.try_send(sending.stored(), nullptr), "send");
    }
    [[nodiscard]] bool try_send(const T& item) requires std::copy_constructible<T> {
        return try_send(T(item));
    }

    /// Takes the oldest item.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed once closed and empty; TimeoutError past `deadline`; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    T receive(Deadline deadline = never) {
        impl::Slot<Item> slot;
        check(core_.receive(slot, nullptr, deadline), "receive");
        return core_.template unpack<T>(slot);
    }

    /// As receive(), but no item says that the channel is closed and empty.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
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

    /// Takes the oldest item if there is one. Never waits.
    ///
    /// Errors:    ChannelClosed once closed and empty.
    [[nodiscard]] std::optional<T> try_receive() {
        impl::Slot<Item> slot;
        if (!check(core_.try_receive(slot, nullptr), "receive")) {
            return std::nullopt;
        }
        return core_.template unpack<std::optional<T>>(slot);
    }

    /// Ends the sending: senders, those that wait too, get ChannelClosed; receivers get what is left, then ChannelClosed, or the
    /// end of their loop. Never waits.
    void close() noexcept { core_.close(false); }

    /// As close(), and what is left is destroyed: blocked and later callers of both sides get ChannelClosed.
    void poison() noexcept { core_.close(true); }

    [[nodiscard]] bool is_closed() const noexcept { return core_.is_closed(); }
    /// The items in the channel, without those of waiting senders.
    [[nodiscard]] std::size_t size() const noexcept { return core_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return core_.capacity(); }

    /// How many senders wait; negative: how many receivers.
    [[nodiscard]] std::ptrdiff_t balance() const noexcept { return core_.balance(); }

    /// For wait_any() and its companions: ready while a receive would not wait, also because the channel is closed. Nothing is
    /// taken, so another receiver may be faster.
    Waitable waitable() noexcept { return core_.waitable(); }

    /// For range-for: receives each item until the channel is closed and empty.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
    /// Cancel:    nothing is taken.
    /// Errors:    what T's move throws.
    /// Threads:   any fiber or thread, several at once: each item goes to one of the loops.
    /// Since:     0.1
    impl::ItemIterator<Channel> begin() { return impl::ItemIterator<Channel>(*this); }
    std::default_sentinel_t end() noexcept { return {}; }

private:
    friend struct impl::SelectAccess;
    using Item = impl::Stored<T>;

    static bool check(impl::Exchange how, const char* operation) {
        if (how != impl::Exchange::done && how != impl::Exchange::would_wait) {
            impl::throw_not_exchanged(how, operation);
        }
        return how == impl::Exchange::done;
    }

    impl::ItemChannel<T, impl::Fifo> core_;
};

}  // namespace weft
