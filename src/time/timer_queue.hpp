// The pending deadlines of one hub, earliest first. Pure data: no clock, no system call, one thread.
//
// A hierarchical wheel of six levels of 256 buckets, the finest a tick (2^20 ns) wide. A bucket is an array
// of {when, node}, so that arming and cancelling write to one entry and to the node and follow no pointer:
// nearly all deadlines are cancelled before they fire, and with a million of them every pointer followed is a
// cache miss. What is due within the current tick, and the few earliest of all, lie in a small heap, which
// gives the exact order. docs/design/timers.md has the reasons and the figures.
#pragma once

#include "base/assert.hpp"
#include "time/timer_bucket.hpp"
#include "time/timer_heap.hpp"
#include "time/timer_node.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace weft::impl {

class TimerQueue {
public:
    TimerQueue() noexcept = default;
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    /// Puts `node` in, due at `when` (steady nanoseconds; in the past is fine). The node must not be armed.
    /// Throws std::bad_alloc, and then changed nothing, where the queue has to grow and cannot.
    void arm(TimerNode& node, std::int64_t when) {
        WEFT_ASSERT(!node.armed());
        if (size_ == room_) {
            grow();
        }
        node.when = std::min(when, no_timer - 1);
        node.order = next_order_++;
        ++size_;
        put(node);
    }

    /// Takes `node` out; nothing happens if it is not armed.
    void cancel(TimerNode& node) noexcept {
        const std::uint64_t place = node.place;
        if (place < TimerNode::first_in_heap) {
            // Where the entry lies is known when the node has arrived from memory. Were it written to at
            // once, the next call would wait for that too, since it might read what is written here. So the
            // processor is told to fetch the entry, and the one from some calls ago, which has arrived, is
            // taken out.
            wheel_->bucket(place).prefetch(TimerNode::index_of(place));
            leave(std::exchange(leaving_[turn_++ % leaving_.size()], place));
        } else if (place != TimerNode::nowhere) {
            heap_.erase(TimerNode::index_of(place));
        } else {
            return;
        }
        node.place = TimerNode::nowhere;
        if (--size_ < few_) {
            shrink();
        }
    }

    /// The earliest deadline, exactly, or `no_timer`. Two comparisons unless the earliest has been cancelled
    /// or popped.
    std::int64_t next() noexcept;

    /// Takes out the earliest node that is due at `now`, equal deadlines in the order they were armed; null
    /// if none is. Time never runs backwards: a `now` before an earlier one finds only what is due at it.
    TimerNode* pop_due(std::int64_t now) noexcept;

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    /// What the queue has allocated: at most 224 bytes for each node armed (half of it never touched as a
    /// rule), and below 1 MiB for what does not depend on them.
    std::size_t bytes() const noexcept;

private:
    static constexpr unsigned level_bits = 8;
    static constexpr unsigned slots = 1U << level_bits;
    static constexpr unsigned levels = 6;
    static constexpr unsigned tick_bits = 20;
    static_assert(tick_bits + levels * level_bits >= 63, "every deadline has a bucket");

    struct Wheel {
        std::array<std::array<std::uint64_t, slots / 64>, levels>
            used{};  ///< a bit for each bucket that is not empty
        std::array<TimerBucket, levels * slots> buckets;

        TimerBucket& bucket(std::uint64_t place) noexcept { return buckets[TimerNode::number_of(place)]; }
    };

    /// A bucket of the wheel, as nodes name it, and the first tick that it covers.
    struct Stretch {
        std::uint32_t number;
        std::int64_t start;
    };

    static constexpr std::array<std::uint64_t, 16> nobody_leaving() noexcept {
        std::array<std::uint64_t, 16> places{};
        places.fill(TimerNode::nowhere);
        return places;
    }

    static std::int64_t tick_of(std::int64_t when) noexcept { return when >> tick_bits; }

    /// In the wheel where it lies ahead and there is memory, else in the heap, where every deadline is in
    /// order.
    void put(TimerNode& node) noexcept {
        const std::int64_t tick = tick_of(node.when);
        if (tick <= base_ || !put_in_wheel(node, tick)) {
            heap_.push(node);
        }
    }

    bool put_in_wheel(TimerNode& node, std::int64_t tick) noexcept {
        // The level is that of the highest digit (of base 256) in which the tick differs from now's. So all
        // of a level comes before all of the next one, and the slots of a level are in order and never wrap
        // round.
        const auto differs = static_cast<std::uint64_t>(tick ^ base_);
        const unsigned level = static_cast<unsigned>(std::bit_width(differs) - 1) / level_bits;
        const unsigned slot = static_cast<unsigned>(tick >> (level * level_bits)) % slots;
        const std::uint32_t number = level * slots + slot;
        TimerBucket& bucket = wheel_->buckets[number];
        if (bucket.empty()) {
            mark_used(number);
        }
        if (!bucket.put(node, node.when, number)) {
            settle(number);
            return false;
        }
        if (node.when < wheel_at_least_) {
            wheel_at_least_ = node.when;
        }
        return true;
    }

    void leave(std::uint64_t place) noexcept {
        if (place != TimerNode::nowhere && wheel_->bucket(place).take(TimerNode::index_of(place))) {
            leave_all();
            settle(TimerNode::number_of(place));
        }
    }

    void grow();
    void shrink() noexcept;
    [[nodiscard]] bool set_room(std::uint32_t room) noexcept;
    void leave_all() noexcept;
    void settle(std::uint32_t number) noexcept;
    void mark_used(std::uint32_t number) noexcept;
    void mark_empty(std::uint32_t number) noexcept;
    Stretch first_bucket() const noexcept;
    void advance(std::int64_t tick) noexcept;
    void cascade(const Stretch& stretch) noexcept;
    void tighten() noexcept;
    void move_to_heap(TimerBucket& bucket, std::uint32_t index) noexcept;

    std::size_t size_ = 0;
    std::size_t room_ = 0;  ///< of the heap
    std::size_t few_ = 0;   ///< with fewer nodes than these, that is too much
    std::uint64_t next_order_ = 0;
    std::int64_t base_ = 0;  ///< the tick up to which the wheel has been emptied into the heap
    std::int64_t wheel_at_least_ = no_timer;  ///< nothing in the wheel is due before
    std::unique_ptr<Wheel> wheel_;            ///< there as soon as the heap has room
    unsigned used_levels_ = 0;                ///< a bit for each level that is not empty
    unsigned turn_ = 0;                       ///< of `leaving_`, the oldest
    /// Places of nodes that have been cancelled and may be gone, whose entries are still to be taken out.
    std::array<std::uint64_t, 16> leaving_ = nobody_leaving();
    TimerHeap heap_;
};

}  // namespace weft::impl
