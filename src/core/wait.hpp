// What a parked fiber (or plain thread) waits for: the wait record, and the lists that records queue in.
#pragma once

#include "time/timer_queue.hpp"

#include <weft/core/wait_list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weft::impl {

struct FiberBlock;
struct WaitRecord;

/// Whether a Gathering takes what its member `tag` has.
bool take_gathered(WaitRecord& record, std::uint32_t tag) noexcept;

/// Why a fiber is parked; printed in every dump.
enum class WaitReason : std::uint8_t {
    sleep,
    join,
    readable,
    writable,
    mutex,
    event,
    future,
    semaphore,
    condition,
    pool_job,
    all_parked,
    any_of,
    task_group,
    countdown,
    barrier,
    once,
    send,
    receive,
    select,
};

inline constexpr std::size_t wait_reason_count = static_cast<std::size_t>(WaitReason::select) + 1;
extern const char* const wait_reason_names[wait_reason_count];

const char* to_string(WaitReason reason) noexcept;

/// How a park ended.
enum class Wake : std::uint8_t {
    woken,       ///< somebody woke the record: what was waited for has happened
    timed_out,   ///< the deadline of the call passed first
    interrupted  ///< a scope was cancelled, the fiber killed, or a deadlock found: call throw_interrupt()
};

/// The values of WaitRecord::signal.
inline constexpr std::uint32_t signal_open = 0;
inline constexpr std::uint32_t signal_woken = 1;
inline constexpr std::uint32_t signal_job =
    2;  ///< a job of a thread pool waits, and does not count as out meanwhile

/// One wait of one fiber or thread; lives on the waiter's stack for the length of the call.
///
/// Whoever takes the record out of what it is queued in (under that queue's lock) has won it and must wake()
/// it exactly once. `abort` is the way back: it tries to take the record out on behalf of a timer or a
/// cancellation and says whether it won.
struct WaitRecord {
    using Abort = bool (*)(WaitRecord&) noexcept;

    /// Belongs to the calling fiber or, on a thread without a hub, to the calling thread.
    WaitRecord(WaitReason why, const void* what, Abort on_abort) noexcept;
    WaitRecord(const WaitRecord&) = delete;
    WaitRecord& operator=(const WaitRecord&) = delete;

    Abort abort;
    const void* object;
    /// Who holds what is waited for, where one holder is known: as sync's identity() names it.
    const std::atomic<const void*>* holder = nullptr;
    TimerNode timer;
    std::int64_t own_until = INT64_MAX;  ///< the limit of the call itself, where scopes may change theirs
    unsigned uncaught = 0;  ///< exceptions that unwind its fiber: what they hide does not reach it
    std::atomic<std::uint32_t> signal{signal_open};  ///< threads only: the futex word
    std::atomic<std::uint32_t> decided{0};           ///< sets only: 0 open, else 1 + the winning node's tag

    // What a wake-up looks at lies side by side, and so does the WaitNode that commonly follows.
    FiberBlock* fiber;  ///< null: a plain thread
    WaitReason reason;
    Wake outcome = Wake::woken;
    bool lapsed = false;   ///< its timer has fired, though it may have been woken before
    bool in_set = false;   ///< queued in several lists: the first to decide wins
    bool gathers = false;  ///< a set that outlives the win: a Gathering
    int fd = -1;

    /// Sets only: the tag that has decided it, or `open_tag`.
    std::uint32_t winner() const noexcept { return decided.load(std::memory_order_acquire) - 1; }

    /// Sets only: true for the one caller that closes the wait.
    bool decide(std::uint32_t tag) noexcept {
        std::uint32_t open = 0;
        return decided.compare_exchange_strong(open, tag + 1, std::memory_order_acq_rel);
    }

    /// Whether who holds the lock of a queue may serve the record through its node `tag` there.
    bool take(std::uint32_t tag) noexcept {
        return !in_set || (gathers ? take_gathered(*this, tag) : decide(tag));
    }
};

/// The tags that an abort decides a set with, and a fork every wait that it leaves behind, and what winner() says of one that
/// is open; no node carries them.
inline constexpr std::uint32_t aborted_tag = 0xfffffff0U;
inline constexpr std::uint32_t left_behind_tag = 0xfffffff1U;
inline constexpr std::uint32_t open_tag = 0xffffffffU;

/// Membership of one record in one list. Guarded by the lock of the list's owner.
struct WaitNode {
    WaitRecord* record = nullptr;
    WaitNode* next;         ///< set by the list, as is `prev`
    std::uint32_t tag = 0;  ///< which member of a set this is
    bool linked = false;
    WaitNode* prev;
    void* cargo = nullptr;  ///< what the list's owner wants to know of the wait
};

// `prev` of the oldest node and `tail_` of an empty list hold nothing.

inline void WaitList::push(WaitNode& node) noexcept {
    node.prev = tail_;
    node.next = nullptr;
    node.linked = true;
    (head_ != nullptr ? tail_->next : head_) = &node;
    tail_ = &node;
}

inline void WaitList::remove(WaitNode& node) noexcept {
    (&node != head_ ? node.prev->next : head_) = node.next;
    (&node != tail_ ? node.next->prev : tail_) = node.prev;
    node.linked = false;
}

inline WaitNode* WaitList::pop_node() noexcept {
    while (WaitNode* node = head_) {
        head_ = node->next;
        node->linked = false;
        if (node->record->take(node->tag)) [[likely]] {
            return node;
        }
    }
    return nullptr;
}

inline WaitRecord* WaitList::pop() noexcept {
    WaitNode* node = pop_node();
    return node != nullptr ? node->record : nullptr;
}

inline WaitNode* WaitList::pop_chain(std::size_t limit) noexcept {
    WaitNode* first = nullptr;
    WaitNode** end = &first;
    while (head_ != nullptr && limit != 0) {
        WaitNode& node = *head_;
        head_ = node.next;
        node.linked = false;
        if (node.record->take(node.tag)) {
            *end = &node;
            end = &node.next;
            --limit;
        }
    }
    *end = nullptr;
    return first;
}

}  // namespace weft::impl
