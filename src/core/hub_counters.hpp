// What a hub counts of its work. Written by its own thread, read by any: a hub that is blocked can be asked too.
#pragma once

#include "core/wait.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weft::impl {

/// Only its owner writes it, so that no addition needs a locked instruction.
class Counter {
public:
    void add(std::uint64_t more) noexcept { set(get() + more); }
    void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Durations by powers of two: bucket i holds those of less than 2^i microseconds, and at least half of that.
class DurationHistogram {
public:
    static constexpr std::size_t bucket_count = 28;  // the last one takes all above a minute

    void add(std::int64_t ns) noexcept {
        const auto us = static_cast<std::uint64_t>(ns < 0 ? 0 : ns) / 1000;
        const auto bucket = static_cast<std::size_t>(std::bit_width(us));
        buckets_[bucket < bucket_count ? bucket : bucket_count - 1].add(1);
        sum_ns_.add(static_cast<std::uint64_t>(ns < 0 ? 0 : ns));
    }
    std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index].get(); }
    std::uint64_t sum_ns() const noexcept { return sum_ns_.get(); }

private:
    std::array<Counter, bucket_count> buckets_;
    Counter sum_ns_;
};

struct HubCounters {
    // Since the hub has begun.
    Counter passes;           ///< of its loop
    Counter switches;         ///< to a fiber; those since the last pass are not in it yet
    Counter outside_wakeups;  ///< messages from other threads
    Counter timers_fired;
    std::array<Counter, wait_reason_count> waits;       ///< begun
    std::array<Counter, wait_reason_count> waits_over;  ///< of these, ended
    DurationHistogram run_delay;  ///< how long a fiber that had become ready waited for its turn: a sample

    // As of the last pass.
    Counter fibers;         ///< alive, but the main fiber
    Counter timers;         ///< armed
    Counter outside_waits;  ///< for descriptors, jobs of a pool, signals
    Counter run_queue;      ///< as of the last sample
};

}  // namespace weft::impl
