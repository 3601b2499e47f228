// select: all channels are locked together, so that a case is either carried out at once, with nobody of this call in any
// queue, or waits in all of them. Two calls that could serve each other never both wait to be the first to decide.
#include "channel/channel_core.hpp"
#include "core/park.hpp"
#include "sync/wait_queue.hpp"

#include <weft/channel/select_core.hpp>
#include <weft/core/run.hpp>

#include <cstdint>
#include <functional>
#include <new>

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
            lock_all();
            ChannelCore* full = nullptr;
            WaitNode* woken = nullptr;
            const std::size_t done = attempt_locked(in_order ? 0 : rotation() % cases_.size(), woken, full);
            if (done != none || full != nullptr) {
                unlock_all();
                wake_chain(woken);
            }
            if (full == nullptr) {
                return done;
            }
            full->lock_.lock();
            full->grow();
            full->lock_.unlock();
        }
    }

    void unlock_all() noexcept {
        for_each_channel([](ChannelCore& channel) { channel.lock_.unlock(); });
    }

    /// With the channels locked, which it unlocks.
    std::size_t wait(Deadline& deadline);

private:
    struct Waiting;

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

    std::size_t attempt_locked(std::size_t start, WaitNode*& woken, ChannelCore*& full) noexcept {
        std::size_t at = start;
        for (std::size_t tried = 0; tried < cases_.size(); ++tried) {
            SelectCase& each = *cases_[at];
            if (each.channel != nullptr) {
                const Exchange how = exchange(each, woken);
                if (how == Exchange::no_memory_yet) {
                    full = each.channel;
                    return none;
                }
                if (how != Exchange::would_wait) {
                    each.transfer.how = how;
                    return at;
                }
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

/// The nodes in the queues, from first to last.
struct Selection::Waiting {
    explicit Waiting(std::span<SelectCase* const> all) noexcept
        : record(WaitReason::select, all.data(), &abort_all), cases(all) {
        static_assert(sizeof(WaitNode) <= sizeof(SelectCase::node));
        record.in_set = true;
        for (std::size_t i = 0; i < cases.size(); ++i) {
            SelectCase& each = *cases[i];
            if (each.channel != nullptr) {
                auto* node = ::new (static_cast<void*>(each.node)) WaitNode;
                node->record = &record;
                node->tag = static_cast<std::uint32_t>(i);
                node->cargo = &each.transfer;
                list_of(each).push(*node);
            }
        }
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        for (std::size_t i = 0; i < cases.size(); ++i) {
            // Who has won has taken the node out, and his channel may be gone.
            SelectCase& each = *cases[i];
            if (each.channel != nullptr && i != record.winner()) {
                static_cast<void>(ChannelSide(*each.channel, list_of(each)).delist(node_of(each)));
            }
        }
    }
    static bool abort_all(WaitRecord& record) noexcept { return record.decide(aborted_tag); }

    WaitRecord record;
    std::span<SelectCase* const> cases;
};

std::size_t Selection::wait(Deadline& deadline) {
    Waiting waiting(cases_);
    unlock_all();
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
