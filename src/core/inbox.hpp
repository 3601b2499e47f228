// What other threads hand to a hub: a lock-free stack, drained in order of arrival by the hub.
#pragma once

#include <atomic>

namespace weft::impl {

class Hub;

/// One message. `run` is called on the hub's thread, in the loop's context: it may not wait.
struct InboxItem {
    using Run = void (*)(InboxItem&, Hub&) noexcept;

    Run run = nullptr;
    InboxItem* next = nullptr;
};

class Inbox {
public:
    /// Any thread. The exchange pairs with the one of take_all(): what the poster wrote before is seen by
    /// run().
    void push(InboxItem& item) noexcept {
        InboxItem* head = head_.load(std::memory_order_relaxed);
        do {
            item.next = head;
        } while (
            !head_.compare_exchange_weak(head, &item, std::memory_order_seq_cst, std::memory_order_relaxed));
    }

    bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

    /// The hub's thread only. Oldest first, linked by `next`.
    InboxItem* take_all() noexcept {
        InboxItem* newest = head_.exchange(nullptr, std::memory_order_acquire);
        InboxItem* oldest = nullptr;
        while (newest != nullptr) {
            InboxItem* older = newest->next;
            newest->next = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

private:
    std::atomic<InboxItem*> head_{nullptr};
};

}  // namespace weft::impl
