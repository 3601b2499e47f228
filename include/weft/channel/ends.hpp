// The two ends of a channel as objects of their own: it is closed when the last Sender is gone, broken without a Receiver.
#pragma once

#include <weft/channel/channel.hpp>
#include <weft/channel/errors.hpp>
#include <weft/channel/item_channel.hpp>
#include <weft/channel/item_iterator.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace weft {

template <class T>
struct Ends;
template <class T>
[[nodiscard]] Ends<T> make_channel(std::size_t capacity = 0);

namespace impl {

/// What Sender and Receiver share: their place in the count, and the channel, which the last one ends.
template <class T, Side side>
class End {
public:
    using value_type = T;

    End() noexcept = default;
    End(const End& other) : core_(other.core_) { enter(other); }
    End(End&& other) noexcept : core_(std::move(other.core_)), end_{std::exchange(other.end_.closed, true)} {}
    End& operator=(End other) noexcept {
        close();
        core_ = std::move(other.core_);
        end_.closed = std::exchange(other.end_.closed, true);
        return *this;
    }
    ~End() { close(); }

    /// Closes this end; its copies stay. Later calls through it, and those that wait now, throw EndClosed. Never waits.
    void close() noexcept {
        if (core_ != nullptr) {
            core_->close_end(side, end_);
        }
    }

    /// False for one that is empty or moved from.
    [[nodiscard]] bool valid() const noexcept { return core_ != nullptr; }

protected:
    friend struct SelectAccess;
    using Core = ItemChannel<T, Fifo>;
    using Item = Stored<T>;

    explicit End(std::shared_ptr<Core> core) : core_(std::move(core)), end_{false} { core_->open_end(side); }

    template <class Call>
    Exchange call(Call how) {
        return core_ != nullptr ? how(*core_, &end_) : Exchange::end_closed;
    }
    static bool check(Exchange how, const char* operation) {
        if (how != Exchange::done && how != Exchange::would_wait) {
            throw_not_exchanged(how, operation);
        }
        return how == Exchange::done;
    }

    std::shared_ptr<Core> core_;
    ChannelEnd end_{true};

private:
    void enter(const End& other) {
        end_.closed = core_ == nullptr || !core_->open_end_like(side, other.end_);
    }
};

}  // namespace impl

/// An end to send through. Copies are ends of their own; when the last one is closed or destroyed, receivers get what is left and
/// then the end of the channel. A default-constructed one is closed, and never ready in a select.
///
/// Different ends may be used by different fibers and threads at once, and one end by several; but it is copied, moved and
/// destroyed as any object, by one at a time.
template <class T>
class Sender : public impl::End<T, impl::Side::senders> {
    using Base = impl::End<T, impl::Side::senders>;

public:
    Sender() noexcept = default;

    /// Gives an item to a receiver, or puts it into the channel.
    ///
    /// Suspends:  while there is no room, and no receiver waits.
    /// Cancel:    the item is not sent; `item` is as it was, if T's move does not throw.
    /// Errors:    ChannelBroken if no receiver is left; EndClosed; TimeoutError past `deadline`; std::bad_alloc.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send(T&& item, Deadline deadline = never) {
        impl::Sending<T> sending(item);
        Base::check(this->call([&](auto& core, const impl::ChannelEnd* end) {
            return core.send(sending.stored(), end, deadline);
        }),
                    "send");
    }
    void send(const T& item, Deadline deadline = never) requires std::copy_constructible<T> {
        send(T(item), deadline);
    }

    /// Sends it if that is possible at once; else false, and `item` is as it was. Never waits.
    ///
    /// Errors:    ChannelBroken if no receiver is left; EndClosed; std::bad_alloc.
    [[nodiscard]] bool try_send(T&& item) {
        impl::Sending<T> sending(item);
        return Base::check(this->call([&](auto& core, const impl::ChannelEnd* end) {
            return core.try_send(sending.stored(), end);
        }),
                           "send");
    }
    [[nodiscard]] bool try_send(const T& item) requires std::copy_constructible<T> {
        return try_send(T(item));
    }

private:
    template <class U>
    friend Ends<U> make_channel(std::size_t capacity);
    using Base::Base;
};

/// An end to receive through; each item goes to one of them. Copies are ends of their own; without any, senders get
/// ChannelBroken, and what is left is destroyed. A default-constructed one is closed, and never ready in a select.
///
/// Different ends may be used by different fibers and threads at once, and one end by several; but it is copied, moved and
/// destroyed as any object, by one at a time.
template <class T>
class Receiver : public impl::End<T, impl::Side::receivers> {
    using Base = impl::End<T, impl::Side::receivers>;

public:
    Receiver() noexcept = default;

    /// Takes the oldest item.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed when no sender is left and nothing to receive; EndClosed; TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    T receive(Deadline deadline = never) {
        impl::Slot<Item> slot;
        Base::check(take(slot, deadline), "receive");
        return this->core_->template unpack<T>(slot);
    }

    /// As receive(), but no item says that no sender is left.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
    /// Cancel:    nothing is taken.
    /// Errors:    EndClosed; TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::optional<T> next(Deadline deadline = never) {
        impl::Slot<Item> slot;
        const impl::Exchange how = take(slot, deadline);
        if (how == impl::Exchange::closed) {
            return std::nullopt;
        }
        Base::check(how, "receive");
        return this->core_->template unpack<std::optional<T>>(slot);
    }

    /// Takes the oldest item if there is one. Never waits.
    ///
    /// Errors:    ChannelClosed when no sender is left and nothing to receive; EndClosed.
    [[nodiscard]] std::optional<T> try_receive() {
        impl::Slot<Item> slot;
        const auto how =
            this->call([&](auto& core, const impl::ChannelEnd* end) { return core.try_receive(slot, end); });
        if (!Base::check(how, "receive")) {
            return std::nullopt;
        }
        return this->core_->template unpack<std::optional<T>>(slot);
    }

    /// For range-for: receives each item until no sender is left.
    ///
    /// Suspends:  while the channel is empty, and no sender waits.
    /// Cancel:    nothing is taken.
    /// Errors:    EndClosed.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    impl::ItemIterator<Receiver> begin() { return impl::ItemIterator<Receiver>(*this); }
    std::default_sentinel_t end() noexcept { return {}; }

private:
    template <class U>
    friend Ends<U> make_channel(std::size_t capacity);
    using Base::Base;
    using Item = impl::Stored<T>;

    impl::Exchange take(impl::Slot<Item>& slot, Deadline deadline) {
        return this->call(
            [&](auto& core, const impl::ChannelEnd* end) { return core.receive(slot, end, deadline); });
    }
};

/// A new channel's first two ends: `auto [sender, receiver] = make_channel<int>();`
template <class T>
struct Ends {
    Sender<T> sender;
    Receiver<T> receiver;
};

/// Makes a channel that lives as long as its ends; `capacity` as for Channel.
template <class T>
[[nodiscard]] Ends<T> make_channel(std::size_t capacity) {
    auto core = std::make_shared<impl::ItemChannel<T, impl::Fifo>>(capacity);
    return {Sender<T>(core), Receiver<T>(core)};
}

}  // namespace weft
