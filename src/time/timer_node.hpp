// One deadline in a TimerQueue, embedded in whatever waits for it.
#pragma once

#include <cstdint>
#include <limits>

namespace weft::impl {

/// Later than every deadline.
inline constexpr std::int64_t no_timer = std::numeric_limits<std::int64_t>::max();

/// Usually on the waiter's stack. The queue touches it only while it is armed, and holds its address: it
/// cannot move.
struct TimerNode {
    TimerNode() noexcept = default;
    TimerNode(const TimerNode&) = delete;
    TimerNode& operator=(const TimerNode&) = delete;

    bool armed() const noexcept { return bucket != nowhere; }

    static constexpr std::uint32_t nowhere = 0xFFFF'FFFF;
    static constexpr std::uint32_t in_heap = 0xFFFF'FFFE;

    std::int64_t when = 0;           ///< steady nanoseconds
    std::uint64_t order = 0;         ///< grows with each arming: equal deadlines are served in this order
    std::uint32_t bucket = nowhere;  ///< of the queue's wheel, or one of the two constants
    std::uint32_t index = 0;         ///< within the bucket or the heap
};

}  // namespace weft::impl
