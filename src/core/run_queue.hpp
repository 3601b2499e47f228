// Fibers that are ready to run, in order.
#pragma once

#include "core/fiber_block.hpp"

namespace weft::impl {

/// Intrusive first in, first out queue; one hub's thread only.
class RunQueue {
public:
    bool empty() const noexcept { return head_ == nullptr; }

    void push(FiberBlock& fiber) noexcept {
        fiber.next = nullptr;
        (head_ != nullptr ? tail_->next : head_) = &fiber;
        tail_ = &fiber;
    }

    /// The queue must not be empty.
    FiberBlock& front() const noexcept { return *head_; }

    /// The queue must not be empty.
    FiberBlock& pop() noexcept {
        FiberBlock& fiber = *head_;
        head_ = fiber.next;
        return fiber;
    }

private:
    FiberBlock* head_ = nullptr;
    FiberBlock* tail_ = nullptr;
};

}  // namespace weft::impl
