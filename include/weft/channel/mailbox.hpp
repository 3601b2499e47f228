// The letters of an actor: from many, read by one, in the order that it likes.
#pragma once

#include <weft/channel/channel.hpp>
#include <weft/core/run.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <utility>
#include <variant>

namespace weft {

namespace impl {

/// Only one at a time may be inside; a second one stops the program.
class WEFT_API SoleReader {
public:
    explicit SoleReader(std::atomic<bool>& reading);
    SoleReader(const SoleReader&) = delete;
    SoleReader& operator=(const SoleReader&) = delete;
    ~SoleReader() { reading_.store(false, std::memory_order_release); }

private:
    std::atomic<bool>& reading_;
};

}  // namespace impl

/// Anybody sends, without ever waiting; one fiber or thread at a time, the owner, receives: the oldest letter, or the oldest that it
/// wants now. The others stay, in their order. Several kinds of letters are a std::variant.
template <class T>
class Mailbox {
public:
    /// Puts a letter in. Never waits. Any fiber or thread.
    ///
    /// Errors:    ChannelClosed; std::bad_alloc; what T's move throws.
    void send(T letter) { incoming_.send(std::move(letter)); }

    /// Takes the oldest letter.
    ///
    /// Suspends:  while there is none.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed once closed and empty; TimeoutError past `deadline`; what T's move throws.
    /// Threads:   the owner.
    /// Since:     0.1
    T receive(Deadline deadline = never) {
        return receive([](const T& /*any*/) { return true; }, deadline);
    }

    /// Takes the oldest letter for which `wanted(letter)` is true. It is called for each letter that is there, then for each that
    /// comes, until it is; it may wait, and send.
    ///
    /// Suspends:  while there is none that is wanted.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed once closed and without one; TimeoutError past `deadline`; what `wanted` and T's move throw: then
    ///            nothing is taken.
    /// Threads:   the owner.
    /// Since:     0.1
    template <std::predicate<const T&> Wanted>
    T receive(Wanted wanted, Deadline deadline = never) {
        const impl::SoleReader reader(reading_);
        auto at = letters_.begin();
        for (;;) {
            for (; at != letters_.end(); ++at) {
                if (std::invoke(wanted, std::as_const(at->value))) {
                    return take(at);
                }
            }
            at = more(deadline);
        }
    }

    /// Takes the oldest letter of one kind, where T is a std::variant of several.
    ///
    /// Suspends:  while there is none of this kind.
    /// Cancel:    nothing is taken.
    /// Errors:    ChannelClosed once closed and without one; TimeoutError past `deadline`.
    /// Threads:   the owner.
    /// Since:     0.1
    template <class Kind>
    Kind receive(Deadline deadline = never) {
        return std::get<Kind>(
            receive([](const T& letter) { return std::holds_alternative<Kind>(letter); }, deadline));
    }

    /// As receive(wanted), but nothing if there is none now. Never waits itself.
    template <std::predicate<const T&> Wanted>
    [[nodiscard]] std::optional<T> try_receive(Wanted wanted) {
        const impl::SoleReader reader(reading_);
        fetch();
        for (auto at = letters_.begin(); at != letters_.end(); ++at) {
            if (std::invoke(wanted, std::as_const(at->value))) {
                return take(at);
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] std::optional<T> try_receive() {
        return try_receive([](const T& /*any*/) { return true; });
    }

    /// Later sends get ChannelClosed; what is there can still be received. Never waits. Any fiber or thread.
    void close() noexcept { incoming_.close(); }

private:
    struct Letter {
        template <class Make>
        explicit Letter(Make& make) : value(make()) {}
        T value;
    };
    using Letters = std::list<Letter>;

    T take(typename Letters::iterator at) {
        T letter(std::move(at->value));
        letters_.erase(at);
        return letter;
    }
    /// Waits for the next letter and keeps it: a predicate that throws, or says no, has lost nothing. Its place is made first.
    typename Letters::iterator more(Deadline& deadline) {
        auto next = [&] {
            if (deadline.is_relative() && incoming_.size() == 0) {
                deadline.fix(now());  // for all the waits of the call together
            }
            return incoming_.receive(deadline);
        };
        letters_.emplace_back(next);
        return std::prev(letters_.end());
    }
    void fetch() {
        auto next = [&] { return incoming_.receive(); };
        while (incoming_.size() != 0) {
            letters_.emplace_back(next);
        }
    }

    Channel<T> incoming_{unbounded};
    Letters letters_;  ///< read, and not wanted so far
    std::atomic<bool> reading_{false};
};

}  // namespace weft
