// park() and wake(), compiled into their callers: for the waits that a program does most, where a call more is felt.
#pragma once

#include "core/hub.hpp"
#include "core/park.hpp"

#include <cstddef>

namespace weft::impl {

/// park() where the fiber has to look closer before it waits, where there is a limit, and on a thread without a hub.
[[nodiscard]] Wake park_with_care(WaitRecord& record, Deadline& deadline);

/// Leaves the running fiber for the length of one wait.
[[gnu::always_inline]] inline void leave_counted(FiberBlock& fiber, WaitRecord& record, Hub& hub) {
    record.uncaught = hub.thread_context().exceptions->uncaught;
    fiber.wait = &record;
    fiber.since = hub.pass_time();
    const auto reason = static_cast<std::size_t>(record.reason);
    hub.counters().waits[reason].add(1);
    hub.leave();
    hub.counters().waits_over[reason].add(1);
    fiber.wait = nullptr;
}

/// As park().
[[nodiscard, gnu::always_inline]] inline Wake park_inline(WaitRecord& record, Deadline& deadline) {
    FiberBlock* fiber = record.fiber;
    if (fiber == nullptr || fiber->attention != 0 || !deadline.is_never()) [[unlikely]] {
        return park_with_care(record, deadline);
    }
    leave_counted(*fiber, record, *fiber->hub.load(std::memory_order_relaxed));
    return record.outcome;
}

/// wake() where the record is not of a fiber of this thread's hub.
void wake_elsewhere(WaitRecord& record) noexcept;

/// As wake().
[[gnu::always_inline]] inline void wake_inline(WaitRecord& record) noexcept {
    Hub* here = Hub::current();
    FiberBlock* fiber = record.fiber;
    if (fiber != nullptr && here != nullptr && fiber->hub.load(std::memory_order_relaxed) == here)
        [[likely]] {
        here->make_ready(*fiber);
    } else {
        wake_elsewhere(record);
    }
}

}  // namespace weft::impl
