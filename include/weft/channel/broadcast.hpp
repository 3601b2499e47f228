// One message to all who listen.
#pragma once

#include <weft/channel/broadcast_core.hpp>
#include <weft/channel/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>

namespace weft {

/// A receiver of a Broadcast was so slow that messages are gone which it has not seen. It goes on with the oldest that is left.
class WEFT_API Lagged : public std::runtime_error {
public:
    explicit Lagged(std::uint64_t missed);
    Lagged(const Lagged&) = default;
    Lagged& operator=(const Lagged&) = default;
    ~Lagged() override;
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

private:
    std::uint64_t missed_;
};

template <class T>
class Broadcast;

/// One who listens to a Broadcast: sees each message that is sent while it lives, in their order. All see the same object, which
/// lives as long as somebody holds it. When several fibers use one subscription, each message goes to one of them.
template <class T>
class Subscription {
public:
    using value_type = std::shared_ptr<const T>;

    /// At one of the messages.
    class Iterator {
    public:
        explicit Iterator(Subscription& of) : of_(&of), message_(of.next()) {}
        const value_type& operator*() const noexcept { return message_; }
        Iterator& operator++() {
            message_.reset();  // not kept while waiting for the next one
            message_ = of_->next();
            return *this;
        }
        friend bool operator==(const Iterator& at, std::default_sentinel_t /*end*/) noexcept {
            return at.message_ == nullptr;
        }

    private:
        Subscription* of_;
        value_type message_;
    };

    Subscription(Subscription&&) noexcept = default;
    Subscription& operator=(Subscription&& other) noexcept {
        Subscription(std::move(other)).swap(*this);
        return *this;
    }
    ~Subscription() {
        if (core_ != nullptr) {
            core_->unsubscribe(*place_);
        }
    }

    /// The next message.
    ///
    /// Suspends:  until there is one.
    /// Cancel:    it is still to come.
    /// Errors:    ChannelClosed once closed and all is seen; Lagged; TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    value_type receive(Deadline deadline = never) {
        impl::Message message;
        check(take(message, &deadline));
        return std::static_pointer_cast<const T>(std::move(message));
    }

    /// As receive(), but null says that the broadcast is closed and all is seen.
    ///
    /// Suspends:  until there is one.
    /// Cancel:    it is still to come.
    /// Errors:    Lagged; TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    value_type next(Deadline deadline = never) {
        impl::Message message;
        static_cast<void>(take(message, &deadline));
        return std::static_pointer_cast<const T>(std::move(message));
    }

    /// The next message if there is one, else null. Never waits.
    ///
    /// Errors:    ChannelClosed once closed and all is seen; Lagged.
    [[nodiscard]] value_type try_receive() {
        impl::Message message;
        check(take(message, nullptr));
        return std::static_pointer_cast<const T>(std::move(message));
    }

    /// How many messages it has missed so far, as far as it has noticed.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return core_->dropped(*place_); }

    /// For range-for: each message until the broadcast is closed and all is seen.
    ///
    /// Suspends:  until there is one.
    /// Cancel:    it is still to come.
    /// Errors:    Lagged.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() noexcept { return {}; }

private:
    friend class Broadcast<T>;
    explicit Subscription(std::shared_ptr<impl::BroadcastCore> core)
        : core_(std::move(core)), place_(std::make_unique<impl::Subscriber>()) {
        core_->subscribe(*place_);
    }
    void swap(Subscription& other) noexcept {
        core_.swap(other.core_);
        place_.swap(other.place_);
    }
    impl::Exchange take(impl::Message& message, Deadline* deadline) {
        std::uint64_t missed = 0;
        const impl::Exchange how = core_->receive(*place_, message, missed, deadline);
        if (how == impl::Exchange::done && message == nullptr) {
            throw Lagged(missed);
        }
        return how;
    }
    static void check(impl::Exchange how) {
        if (how == impl::Exchange::closed) {
            impl::throw_not_exchanged(how, "receive");
        }
    }

    std::shared_ptr<impl::BroadcastCore> core_;
    std::unique_ptr<impl::Subscriber> place_;
};

/// Gives each message to every Subscription that exists when it is sent; without any, it is lost. Up to `capacity` messages
/// are kept for receivers that are behind; `slow` says what becomes of those that are further behind than that.
template <class T>
class Broadcast {
public:
    explicit Broadcast(std::size_t capacity, SlowReceiver slow = SlowReceiver::wait)
        : core_(std::make_shared<impl::BroadcastCore>(capacity, slow)) {}
    Broadcast(const Broadcast&) = delete;
    Broadcast& operator=(const Broadcast&) = delete;
    /// Closes it.
    ~Broadcast() { close(); }

    /// One who listens from now on. It may outlive the broadcast.
    [[nodiscard]] Subscription<T> subscribe() { return Subscription<T>(core_); }

    /// Gives a message to all.
    ///
    /// Suspends:  while one of the receivers is too far behind, if slow receivers are waited for.
    /// Cancel:    nobody has seen the message.
    /// Errors:    ChannelClosed; TimeoutError past `deadline`; std::bad_alloc; what making a T throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send(T message, Deadline deadline = never) {
        impl::Message shared = std::make_shared<const T>(std::move(message));
        check(core_->send(shared, &deadline));
    }

    /// Gives it to all if that is possible at once. Never waits.
    ///
    /// Errors:    ChannelClosed; std::bad_alloc; what making a T throws.
    [[nodiscard]] bool try_send(T message) {
        impl::Message shared = std::make_shared<const T>(std::move(message));
        return check(core_->send(shared, nullptr));
    }

    /// Ends the sending. Receivers see what has been sent, and then ChannelClosed, or the end of their loop. Never waits.
    void close() noexcept { core_->close(); }

private:
    static bool check(impl::Exchange how) {
        if (how == impl::Exchange::closed) {
            impl::throw_not_exchanged(how, "send");
        }
        return how == impl::Exchange::done;
    }

    std::shared_ptr<impl::BroadcastCore> core_;
};

}  // namespace weft
