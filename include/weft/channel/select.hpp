// select: the first of several sends, receives and other events that is possible, and no other.
#pragma once

#include <weft/channel/channel.hpp>
#include <weft/channel/ends.hpp>
#include <weft/channel/select_core.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

namespace impl {

/// What a case does where nothing was asked for.
struct DoNothing {
    template <class... Args>
    void operator()(Args&&... /*unused*/) const noexcept {}
};

struct SelectAccess {
    template <class T>
    static auto* core(Channel<T>* channel) noexcept {
        return channel != nullptr ? &channel->core_ : nullptr;
    }
    template <class End>
    static auto* core(End& end) noexcept {
        return end.core_.get();
    }
    template <class End>
    static const ChannelEnd* mark(End& end) noexcept {
        return &end.end_;
    }
};

template <class T, class F>
class ReceiveCase : public SelectCase {
public:
    ReceiveCase(ItemChannel<T, Fifo>* core, const ChannelEnd* end, F then)
        : SelectCase(Kind::receive, core, end, nullptr), core_(core), then_(std::move(then)) {
        transfer.item = &slot_.item;
    }

    void act() {
        if (transfer.how != Exchange::done) {
            if constexpr (std::is_invocable_v<F&, std::optional<T>>) {
                if (transfer.how == Exchange::closed) {
                    std::invoke(then_, std::optional<T>());
                    return;
                }
            }
            throw_not_exchanged(transfer.how, "select: receive");
        }
        if constexpr (std::is_invocable_v<F&, std::optional<T>>) {
            std::invoke(then_, core_->template unpack<std::optional<T>>(slot_));
        } else {
            std::invoke(then_, core_->template unpack<T>(slot_));
        }
    }

private:
    ItemChannel<T, Fifo>* core_;
    Slot<Stored<T>> slot_;
    F then_;
};

template <class T, class F>
class SendCase : public SelectCase {
public:
    SendCase(ItemChannel<T, Fifo>* core, const ChannelEnd* end, T& item, F then)
        : SelectCase(Kind::send, core, end, nullptr), sending_(item), then_(std::move(then)) {
        transfer.item = &sending_.stored();
    }
    SendCase(ItemChannel<T, Fifo>* core, const ChannelEnd* end, const T& item, F then)
        : SelectCase(Kind::send, core, end, nullptr), copy_(item), sending_(*copy_), then_(std::move(then)) {
        transfer.item = &sending_.stored();
    }

    void act() {
        if (transfer.how != Exchange::done) {
            throw_not_exchanged(transfer.how, "select: send");
        }
        std::invoke(then_);
    }

private:
    std::optional<T> copy_;
    Sending<T> sending_;
    F then_;
};

template <class F>
class PlainCase : public SelectCase {
public:
    explicit PlainCase(F then) : then_(std::move(then)) {}
    PlainCase(Deadline when, F then) : SelectCase(when), then_(std::move(then)) {}
    PlainCase(const Waitable& of, F then) : SelectCase(of), then_(std::move(then)) {}
    void act() { std::invoke(then_); }

private:
    F then_;
};

template <class... Cases>
std::size_t select_and_act(bool in_order, Cases&... cases) {
    const std::array<SelectCase*, sizeof...(Cases)> all{&cases...};
    const std::size_t chosen = select_case(all, in_order);
    std::size_t at = 0;
    static_cast<void>(((at++ == chosen && (cases.act(), true)) || ...));
    return chosen;
}

template <class C>
concept IsCase = std::derived_from<C, SelectCase>;

}  // namespace impl

/// A case for select(): an item is received, and given to `then(item)`. If `then` takes a std::optional<T>, it is called without
/// an item when the channel is closed and empty; else select() throws ChannelClosed. A null pointer and an empty end are
/// never ready: a case is switched off that way.
template <class T, class F = impl::DoNothing>
impl::ReceiveCase<T, std::decay_t<F>> on_receive(Channel<T>* channel, F&& then = {}) {
    return {impl::SelectAccess::core(channel), nullptr, std::forward<F>(then)};
}
template <class T, class F = impl::DoNothing>
impl::ReceiveCase<T, std::decay_t<F>> on_receive(Channel<T>& channel, F&& then = {}) {
    return on_receive(&channel, std::forward<F>(then));
}
template <class T, class F = impl::DoNothing>
impl::ReceiveCase<T, std::decay_t<F>> on_receive(Receiver<T>& end, F&& then = {}) {
    return {impl::SelectAccess::core(end), impl::SelectAccess::mark(end), std::forward<F>(then)};
}

/// A case for select(): `item` is sent; then `then()` is called. An item given by std::move is moved from only if this is the
/// case that is chosen.
template <class T, class F = impl::DoNothing>
impl::SendCase<T, std::decay_t<F>> on_send(Channel<T>* channel, std::type_identity_t<T>&& item,
                                           F&& then = {}) {
    return {impl::SelectAccess::core(channel), nullptr, item, std::forward<F>(then)};
}
template <class T, class F = impl::DoNothing>
impl::SendCase<T, std::decay_t<F>> on_send(Channel<T>* channel, const std::type_identity_t<T>& item,
                                           F&& then = {}) {
    return {impl::SelectAccess::core(channel), nullptr, item, std::forward<F>(then)};
}
template <class T, class Item, class F = impl::DoNothing>
auto on_send(Channel<T>& channel, Item&& item, F&& then = {}) {
    return on_send(&channel, std::forward<Item>(item), std::forward<F>(then));
}
template <class T, class F = impl::DoNothing>
impl::SendCase<T, std::decay_t<F>> on_send(Sender<T>& end, std::type_identity_t<T>&& item, F&& then = {}) {
    return {impl::SelectAccess::core(end), impl::SelectAccess::mark(end), item, std::forward<F>(then)};
}
template <class T, class F = impl::DoNothing>
impl::SendCase<T, std::decay_t<F>> on_send(Sender<T>& end, const std::type_identity_t<T>& item,
                                           F&& then = {}) {
    return {impl::SelectAccess::core(end), impl::SelectAccess::mark(end), item, std::forward<F>(then)};
}

/// A case for select(): a fiber has finished, an event is set, a unit of a semaphore has been taken: whatever has waitable().
template <impl::HasWaitable T, class F = impl::DoNothing>
impl::PlainCase<std::decay_t<F>> on(T& object, F&& then = {}) {
    return {Waitable(object), std::forward<F>(then)};
}

/// A channel is received from, or sent to: on_receive(), on_send().
template <class T, class F = impl::DoNothing>
void on(Channel<T>& channel, F&& then = {}) = delete;

/// A case for select(): nothing else has been possible until `deadline`. Of several the earliest counts.
template <class F = impl::DoNothing>
impl::PlainCase<std::decay_t<F>> on_timeout(Deadline deadline, F&& then = {}) {
    return {deadline, std::forward<F>(then)};
}

/// A case for select(): nothing else is possible now. With it select() does not wait.
template <class F = impl::DoNothing>
impl::PlainCase<std::decay_t<F>> otherwise(F&& then = {}) {
    return impl::PlainCase<std::decay_t<F>>(std::forward<F>(then));
}

/// Carries out exactly one of the cases, the first that is possible, and calls what belongs to it; returns which, counted from
/// 0. The others have not happened: nothing is taken from their channels, and what they would send is as it was. Of those
/// that are possible at once, each has its turn: the search begins with another one at each call.
///
/// Suspends:  while none of the cases is possible.
/// Cancel:    none has happened.
/// Errors:    ChannelClosed for a case whose channel is; what the function of the chosen case throws; std::bad_alloc.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <impl::IsCase... Cases>
std::size_t select(Cases&&... cases) {
    return impl::select_and_act(false, cases...);
}

/// As select(), but of the cases that are possible at once the one that stands first is chosen.
///
/// Suspends:  while none of the cases is possible.
/// Cancel:    none has happened.
/// Errors:    as select().
/// Threads:   any fiber or thread.
/// Since:     0.1
template <impl::IsCase... Cases>
std::size_t select_in_order(Cases&&... cases) {
    return impl::select_and_act(true, cases...);
}

}  // namespace weft
