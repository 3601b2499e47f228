// The members of WaitQueue, inline for the types that are made of it, and the record of a wait in one.
#pragma once

#include "base/spinlock.hpp"
#include "core/awaitable.hpp"
#include "core/park_inline.hpp"

#include <weft/sync/wait_queue.hpp>

namespace weft::impl {

/// Waits, away from the fast path, until `busy` is clear; returns the word.
std::uint32_t await_idle(const std::atomic<std::uint32_t>& word) noexcept;

inline std::uint32_t WaitQueue::claim() noexcept {
    std::uint32_t before = word.load(std::memory_order_relaxed);
    do {
        if ((before & busy) != 0) [[unlikely]] {
            before = await_idle(word);
        }
    } while (!word.compare_exchange_weak(before, before | busy, std::memory_order_acquire,
                                         std::memory_order_relaxed));
    return before;
}

inline void WaitQueue::publish(std::uint32_t state) noexcept {
    const std::uint32_t queued = list.empty() ? 0 : waiting;
    word.store((state & ~waiting) | queued, std::memory_order_release);
}

/// park() for the forms of a call that say by their result that the limit was reached.
inline bool woken_in_time(WaitRecord& record, Deadline& deadline) {
    const Wake how = park(record, deadline);
    if (how == Wake::interrupted) {
        throw_interrupt();
    }
    return how == Wake::woken;
}

/// Wakes all of a chain that WaitList::pop_chain() has returned.
inline void wake_chain(WaitNode* node) noexcept {
    while (node != nullptr) {
        WaitNode* next = node->next;  // a node ends with its wait
        wake_inline(*node->record);
        node = next;
    }
}

}  // namespace weft::impl
