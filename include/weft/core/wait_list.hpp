// The list that waits queue in, as far as objects that hold one have to know it. For the library's own use.
#pragma once

#include <cstddef>

namespace weft::impl {

struct WaitNode;
struct WaitRecord;

/// First in, first out list of waiting records. Not locked: its owner guards it.
class WaitList {
public:
    constexpr WaitList() noexcept = default;
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;

    bool empty() const noexcept { return head_ == nullptr; }

    /// The oldest, from where WaitNode::next leads to the others; null if empty.
    WaitNode* first() const noexcept { return head_; }

    void push(WaitNode& node) noexcept;
    void remove(WaitNode& node) noexcept;

    /// Takes out the oldest record that is still open; the caller has won it and must wake() it. Null if
    /// none.
    WaitRecord* pop() noexcept;

    /// As pop(), with the node that the record was queued by.
    WaitNode* pop_node() noexcept;

    /// As pop() for at most `limit` records, which leave as a chain in their order, linked by WaitNode::next.
    WaitNode* pop_chain(std::size_t limit) noexcept;

private:
    WaitNode* head_ = nullptr;
    WaitNode* tail_ = nullptr;
};

}  // namespace weft::impl
