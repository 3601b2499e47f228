// The pending deadlines of one hub, earliest first. Pure data: no clock, no system call, one thread.
//
// A hierarchical wheel of six levels of 256 buckets, the finest a tick (2^20 ns) wide. A bucket is an array of
// {when, node}, so that arming and cancelling write to one entry and to the node and follow no pointer: nearly all
// deadlines are cancelled before they fire, and with a million of them every pointer followed is a cache miss.
// What is due within the current tick, and the few earliest of all, lie in a small heap, which gives the exact order.
// docs/design/timers.md has the reasons and the figures.
#pragma once

#include "time/timer_bucket.hpp"
#include "time/timer_heap.hpp"
#include "time/timer_node.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weft::impl {

class TimerQueue {
public:
    TimerQueue() noexcept = default;
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    /// Puts `node` in, due at `when` (steady nanoseconds; in the past is fine). The node must not be armed.
    /// Throws std::bad_alloc, and then changed nothing, where the queue has to grow and cannot.
    void arm(TimerNode& node, std::int64_t when);

    /// Takes `node` out; nothing happens if it is not armed.
    void cancel(TimerNode& node) noexcept;

    /// The earliest deadline, exactly, or `no_timer`. Two comparisons unless the earliest has been cancelled or popped.
    std::int64_t next() noexcept;

    /// Takes out the earliest node that is due at `now`, equal deadlines in the order they were armed; null if none is.
    /// Time never runs backwards: a `now` before an earlier one finds only what is due at it.
    TimerNode* pop_due(std::int64_t now) noexcept;

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    /// What the queue has allocated: at most 224 bytes for each node armed (half of it never touched as a rule), and
    /// below 1 MiB for what does not depend on them.
    std::size_t bytes() const noexcept;

private:
    static constexpr unsigned level_bits = 8;
    static constexpr unsigned slots = 1U << level_bits;
    static constexpr unsigned levels = 6;
    static constexpr unsigned tick_bits = 20;
    static_assert(tick_bits + levels * level_bits >= 63, "every deadline has a bucket");

    struct Wheel {
        std::array<std::array<std::uint64_t, slots / 64>, levels> used{};  ///< a bit for each bucket that is not empty
        std::array<TimerBucket, levels * slots> buckets;
    };

    /// A bucket of the wheel, as nodes name it, and the first tick that it covers.
    struct Place {
        std::uint32_t number;
        std::int64_t start;
    };

    /// An entry whose node has been cancelled and may be gone, and which is still to be taken out of its bucket.
    struct Leaving {
        std::uint32_t number = TimerNode::nowhere;
        std::uint32_t index = 0;
    };

    static std::int64_t tick_of(std::int64_t when) noexcept { return when >> tick_bits; }
    void grow();
    void shrink() noexcept;
    void put(TimerNode& node) noexcept;
    bool put_in_wheel(TimerNode& node, std::int64_t tick) noexcept;
    void leave(const Leaving& entry) noexcept;
    void leave_all() noexcept;
    void settle(std::uint32_t number) noexcept;
    void mark_used(std::uint32_t number) noexcept;
    void mark_empty(std::uint32_t number) noexcept;
    Place first_bucket() const noexcept;
    void advance(std::int64_t tick) noexcept;
    void cascade(const Place& place) noexcept;
    void tighten() noexcept;
    void move_to_heap(TimerBucket& bucket, std::uint32_t index) noexcept;

    std::int64_t base_ = 0;  ///< the tick up to which the wheel has been emptied into the heap
    std::int64_t wheel_at_least_ = no_timer;  ///< nothing in the wheel is due before
    std::uint64_t next_order_ = 0;
    std::size_t size_ = 0;
    unsigned used_levels_ = 0;  ///< a bit for each level that is not empty
    unsigned turn_ = 0;  ///< of `leaving_`, the oldest
    std::array<Leaving, 16> leaving_;
    TimerHeap heap_;
    std::unique_ptr<Wheel> wheel_;  ///< there as soon as the heap has room
};

}  // namespace weft::impl
