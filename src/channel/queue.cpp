// What queues do without knowing what they hold.
#include <weft/channel/joinable_queue.hpp>

#include "base/assert.hpp"

#include <mutex>

namespace weft::impl {

std::size_t queue_capacity(std::size_t capacity) {
    WEFT_CHECK(capacity != 0, "a Queue without room; what hands over directly is a Channel");
    return capacity;
}

void TaskCount::add() noexcept {
    const std::lock_guard lock(lock_);
    ++count_;
    none_.reset();
}

void TaskCount::done(std::size_t tasks) noexcept {
    const std::lock_guard lock(lock_);
    WEFT_CHECK(tasks <= count_, "task_done of a JoinableQueue without a task");
    count_ -= tasks;
    if (count_ == 0) {
        none_.set();
    }
}

void TaskCount::wait(Deadline deadline) {
    {
        const std::lock_guard lock(lock_);
        if (count_ == 0) {
            return;
        }
    }
    none_.wait(deadline);
    // Who has set it may still hold the lock, and the caller may destroy the queue.
    const std::lock_guard lock(lock_);
}

}  // namespace weft::impl
