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

    bool armed() const noexcept { return place != nowhere; }

    /// A place is the number of a bucket of the wheel, or `in_heap`, and the index there. In one word: a
    /// cancelling shortly after the arming reads what is still on its way to the cache, and that works for
    /// whole stores only.
    static constexpr std::uint64_t place_of(std::uint32_t number, std::uint32_t index) noexcept {
        return std::uint64_t{number} << 32 | index;
    }
    static constexpr std::uint32_t number_of(std::uint64_t place) noexcept {
        return static_cast<std::uint32_t>(place >> 32);
    }
    static constexpr std::uint32_t index_of(std::uint64_t place) noexcept {
        return static_cast<std::uint32_t>(place);
    }

    static constexpr std::uint64_t first_in_heap = 0xFFFF'FFFF'0000'0000;
    static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

    std::int64_t when = 0;    ///< steady nanoseconds
    std::uint64_t order = 0;  ///< grows with each arming: equal deadlines are served in this order
    std::uint64_t place = nowhere;
};

}  // namespace weft::impl
