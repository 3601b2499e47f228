// select: all channels are locked together, so that a case is either carried out at once, with nobody of this call in any
// queue, or waits in all of them. Two calls that could serve each other never both wait to be the first to decide. Other
// objects only give: they are asked while the channels are locked, and entered once these are not.
#include "channel/channel_core.hpp"
#include "core/awaitable.hpp"
#include "core/park.hpp"
#include "sync/wait_queue.hpp"

#include <weft/channel/select_core.hpp>
#include <weft/core/run.hpp>

#include <cstdint>
#include <functional>
#include <new>
#include <optional>

namespace weft::impl {

namespace {

using Kind = SelectCase::Kind;

/// Where the next call of this thread begins to look.
std::size_t rotation() noexcept {
    static constinit thread_local std::uint32_t turn = 0;
    return turn++;
}

WaitNode& node_of(SelectCase& of) noexcept { return *std::launder(reinterpret_cast<WaitNode*>(of.node)); }

}  // namespace

class Selection {
public:
    static constexpr std::size_t none = SIZE_MAX;

    explicit Selection(std::span<SelectCase* const> cases) noexcept : cases_(cases) {
        for (SelectCase* each : cases) {
            if (each->channel != nullptr) {
                sort_in(*each);
            }
        }
    }

    /// The case that was ready and has been carried out. If none is: the channels stay locked.
    std::size_t attempt(bool in_order) {
        for (;;) {
            Probe probe;
            lock_all();
            const std::size_t done = attempt_locked(in_order ? 0 : rotation() % cases_.size(), probe);
            if (done == none && probe.full == nullptr) {
                return none;
            }
            unlock_all();
            wake_chain(probe.woken);
            if (done != none) {
                if (probe.served) {
                    probe.await_wake();
                }
                return done;
            }
            probe.full->lock_.lock();
            probe.full->grow();
            probe.full->lock_.unlock();
        }
    }

    void unlock_all() noexcept {
        for_each_channel([](ChannelCore& channel) { channel.lock_.unlock(); });
    }

    /// With the channels locked, which it unlocks.
    std::size_t wait(Deadline& deadline);

private:
    struct Waiting;

    /// What an attempt leaves behind for after the locks.
    struct Probe {
        WaitNode* woken = nullptr;
        ChannelCore* full = nullptr;  ///< its array has to grow first
        bool served = false;          ///< an object has given to `record`, which is about to be woken
        std::optional<WaitRecord> record;
        WaitNode node;  ///< in the hands of who has served it until the record is woken

        /// Asks an object for what it has now.
        bool get(SelectCase& from) noexcept {
            // It cannot be taken back any more where it is waited for.
            record.emplace(WaitReason::select, &from, [](WaitRecord&) noexcept { return false; });
            node = {};
            node.record = &*record;
            if (!WaitableAccess::enlist(*from.waitable, node)) {
                return true;
            }
            served = !WaitableAccess::delist(*from.waitable, node);
            return served;
        }
        void await_wake() {
            Deadline deadline = never;
            static_cast<void>(park(*record, deadline));
        }
    };

    void sort_in(SelectCase& fresh) noexcept {
        SelectCase** at = &first_locked_;
        while (*at != nullptr && std::less<>()((*at)->channel, fresh.channel)) {
            at = &(*at)->next_locked;
        }
        fresh.next_locked = *at;
        *at = &fresh;
    }
    /// Each of them once, in the order of their addresses.
    template <class Body>
    void for_each_channel(Body body) noexcept {
        ChannelCore* last = nullptr;
        for (SelectCase* at = first_locked_; at != nullptr; at = at->next_locked) {
            if (at->channel != last) {
                last = at->channel;
                body(*last);
            }
        }
    }
    void lock_all() noexcept {
        for_each_channel([](ChannelCore& channel) { channel.lock_.lock(); });
    }

    std::size_t attempt_locked(std::size_t start, Probe& probe) noexcept {
        std::size_t at = start;
        for (std::size_t tried = 0; tried < cases_.size(); ++tried) {
            SelectCase& each = *cases_[at];
            if (each.channel != nullptr) {
                const Exchange how = exchange(each, probe.woken);
                if (how == Exchange::no_memory_yet) {
                    probe.full = each.channel;
                    return none;
                }
                if (how != Exchange::would_wait) {
                    each.transfer.how = how;
                    return at;
                }
            } else if (each.waitable && probe.get(each)) {
                return at;
            }
            at = at + 1 == cases_.size() ? 0 : at + 1;
        }
        return none;
    }

    static Exchange exchange(SelectCase& at, WaitNode*& woken) noexcept {
        if (is_closed_end(at.transfer.end)) {
            return Exchange::end_closed;
        }
        return at.kind == Kind::send ? at.channel->offer(at.transfer.item, woken)
                                     : at.channel->take(at.transfer.item, woken);
    }

    static WaitList& list_of(SelectCase& at) noexcept {
        return at.kind == Kind::send ? at.channel->senders_ : at.channel->receivers_;
    }

    std::span<SelectCase* const> cases_;
    SelectCase* first_locked_ = nullptr;
};

/// The nodes in the queues.
struct Selection::Waiting {
    explicit Waiting(std::span<SelectCase* const> all) noexcept
        : record(WaitReason::select, all.data(), &abort_all), cases(all) {
        record.in_set = true;
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        for (std::size_t i = 0; i < cases.size(); ++i) {
            // Who has won has taken the node out, and his object may be gone.
            if (cases[i]->queued && i != record.winner()) {
                delist(*cases[i]);
            }
        }
    }
    static bool abort_all(WaitRecord& record) noexcept { return record.decide(aborted_tag); }

    /// Returns those who watch the channels for senders.
    WaitNode* enter_channels() noexcept {
        Chain watchers;
        for (std::size_t i = 0; i < cases.size(); ++i) {
            SelectCase& each = *cases[i];
            if (each.channel != nullptr) {
                list_of(each).push(make_node(each, i));
                each.queued = true;
                if (each.kind == Kind::send) {
                    watchers.add(each.channel->watchers_, Exchange::done);
                }
            }
        }
        return watchers.first();
    }

    /// False if one has given at once what it has, and nobody is going to wake the record.
    bool enter_others() noexcept {
        for (std::size_t i = 0; i < cases.size(); ++i) {
            SelectCase& each = *cases[i];
            if (each.waitable) {
                each.queued = WaitableAccess::enlist(*each.waitable, make_node(each, i));
                if (!each.queued) {
                    return record.winner() != i;
                }
            }
        }
        return true;
    }

    WaitNode& make_node(SelectCase& of, std::size_t number) noexcept {
        static_assert(sizeof(WaitNode) <= sizeof(SelectCase::node));
        auto* node = ::new (static_cast<void*>(of.node)) WaitNode;
        node->record = &record;
        node->tag = static_cast<std::uint32_t>(number);
        node->cargo = &of.transfer;
        return *node;
    }
    static void delist(SelectCase& at) noexcept {
        if (at.waitable) {
            static_cast<void>(WaitableAccess::delist(*at.waitable, node_of(at)));
        } else {
            static_cast<void>(ChannelSide(*at.channel, list_of(at)).delist(node_of(at)));
        }
    }

    WaitRecord record;
    std::span<SelectCase* const> cases;
};

std::size_t Selection::wait(Deadline& deadline) {
    Waiting waiting(cases_);
    WaitNode* const watchers = waiting.enter_channels();
    unlock_all();
    wake_chain(watchers);
    if (!waiting.enter_others()) {
        return waiting.record.winner();
    }
    switch (park(waiting.record, deadline)) {
        case Wake::woken:
            return waiting.record.winner();
        case Wake::timed_out:
            return none;
        case Wake::interrupted:
            break;
    }
    throw_interrupt();
}

namespace {

/// The timer that is due first, if there is one.
std::size_t earliest_timer(std::span<SelectCase* const> cases) {
    std::size_t earliest = Selection::none;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SelectCase& each = *cases[i];
        if (each.kind != Kind::timer) {
            continue;
        }
        if (earliest == Selection::none) {
            earliest = i;
            continue;
        }
        const TimePoint time = now();
        if (each.deadline.resolve(time) < cases[earliest]->deadline.resolve(time)) {
            earliest = i;
        }
    }
    return earliest;
}

}  // namespace

std::size_t select_case(std::span<SelectCase* const> cases, bool in_order) {
    Selection selection(cases);
    const std::size_t ready = selection.attempt(in_order);
    if (ready != Selection::none) {
        return ready;
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (cases[i]->kind == Kind::otherwise) {
            selection.unlock_all();
            return i;
        }
    }
    const std::size_t timer = earliest_timer(cases);
    Deadline deadline = timer != Selection::none ? cases[timer]->deadline : never;
    const std::size_t chosen = selection.wait(deadline);
    return chosen != Selection::none ? chosen : timer;
}

}  // namespace weft::impl
