// Fibers that are ready to run, in order.
#pragma once

#include "core/fiber_block.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace weft::impl {

/// Intrusive first in, first out queue; one hub's thread only.
class RunQueue {
public:
    bool empty() const noexcept { return head_ == nullptr; }

    void push(FiberBlock& fiber) noexcept {
        FiberBlock*& end = head_ != nullptr ? tail_->next : head_;
        fiber.next = nullptr;
        end = &fiber;
        tail_ = &fiber;
    }

    void clear() noexcept { head_ = nullptr; }

    /// The oldest, linked by `next`; null if there is none.
    const FiberBlock* first() const noexcept { return head_; }

    /// The queue must not be empty.
    FiberBlock& front() const noexcept { return *head_; }

    /// The queue must not be empty.
    FiberBlock& pop() noexcept {
        FiberBlock& fiber = *head_;
        head_ = fiber.next;
        return fiber;
    }

    /// As pop(), but takes the one that `choice` falls on among the oldest ones.
    FiberBlock& pop_any(std::uint64_t choice) noexcept {
        constexpr std::size_t most = 64;  // how far it looks
        std::size_t ready = 0;
        for (const FiberBlock* each = head_; each != nullptr && ready < most; each = each->next) {
            ++ready;
        }
        FiberBlock* before = nullptr;
        FiberBlock* chosen = head_;
        for (std::size_t skip = choice % ready; skip > 0; --skip) {
            before = std::exchange(chosen, chosen->next);
        }
        (before != nullptr ? before->next : head_) = chosen->next;
        if (chosen == tail_) {
            tail_ = before;
        }
        return *chosen;
    }

private:
    FiberBlock* head_ = nullptr;
    FiberBlock* tail_ = nullptr;
};

}  // namespace weft::impl
