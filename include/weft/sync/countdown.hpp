// A number that others bring down to zero: what Latch and WaitGroup are made of. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft::impl {

class WEFT_API Countdown {
public:
    static constexpr std::uint32_t largest = UINT32_MAX / WaitQueue::state_unit;

    constexpr explicit Countdown(std::uint32_t count) noexcept : queue_(count * unit) {}

    // acquire: pairs with subtract().
    std::uint32_t count() const noexcept { return queue_.word.load(std::memory_order_acquire) / unit; }
    void add(std::uint32_t by, const char* of) noexcept;
    /// At zero all that wait go on.
    void subtract(std::uint32_t by, const char* of) noexcept;
    /// Until zero. If it is interrupted, `again` is added: what the caller had subtracted for the wait.
    void wait(Deadline deadline, const char* operation, std::uint32_t again = 0);

    WEFT_INTERNAL bool enlist(WaitNode& node) noexcept;
    WEFT_INTERNAL bool delist(WaitNode& node) noexcept;

private:
    static constexpr std::uint32_t unit = WaitQueue::state_unit;

    WaitQueue queue_;
};

}  // namespace weft::impl
