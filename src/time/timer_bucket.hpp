// A bag of deadlines: puts in and takes out anywhere in constant time, writing to one entry and following no
// pointer.
#pragma once

#include "time/raw_array.hpp"
#include "time/timer_node.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::impl {

/// An entry that was taken out becomes a hole, at `no_timer` so that a search for the earliest passes over
/// it. The holes are chained, the latest first: it is the likeliest to be in the cache still, and the next to
/// be filled.
struct TimerEntry {
    std::int64_t when;
    union {
        TimerNode* node;
        std::uint64_t next_hole;
    };
    bool is_hole() const noexcept { return when == no_timer; }
};

class TimerBucket {
public:
    /// False where there is no memory; then nothing has changed.
    [[nodiscard]] bool put(TimerNode& node, std::int64_t when, std::uint32_t own_number) noexcept {
        std::uint32_t index = first_hole_;
        if (index != no_hole) {
            first_hole_ = static_cast<std::uint32_t>(entries_[index].next_hole);
        } else {
            if (end_ == entries_.capacity() && !grow()) {
                return false;
            }
            index = end_++;
        }
        TimerEntry& entry = entries_[index];
        entry.when = when;
        entry.node = &node;
        node.place = TimerNode::place_of(own_number, index);
        ++count_;
        return true;
    }

    void prefetch(std::uint32_t index) const noexcept { __builtin_prefetch(&entries_[index], 1); }

    /// For loops over all nodes: they lie on their waiters' stacks, a cache miss each, so have several under
    /// way.
    void prefetch_node(std::uint32_t index) const noexcept {
        if (index < end_ && !entries_[index].is_hole()) {
            __builtin_prefetch(entries_[index].node, 1);
        }
    }
    static constexpr std::uint32_t nodes_ahead = 8;

    /// Leaves a hole. True when the caller should call `settle`, at the latest when it has taken out what it
    /// wants to.
    [[nodiscard]] bool take(std::uint32_t index) noexcept {
        entries_[index].when = no_timer;
        entries_[index].next_hole = first_hole_;
        first_hole_ = index;
        return --count_ <= few_;
    }

    /// Keeps the memory in proportion to what is in it.
    void settle(std::uint32_t own_number) noexcept;
    void clear() noexcept;

    bool empty() const noexcept { return count_ == 0; }
    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t end() const noexcept { return end_; }  ///< entries and holes
    std::uint32_t earliest() const noexcept;             ///< its index; the bucket must not be empty
    std::int64_t early() const noexcept;  ///< a time before which about one entry in thirty lies
    const TimerEntry& operator[](std::uint32_t index) const noexcept { return entries_[index]; }
    std::size_t bytes() const noexcept { return entries_.capacity() * sizeof(TimerEntry); }

private:
    static constexpr std::uint32_t no_hole = 0xFFFF'FFFF;
    static constexpr std::uint32_t small = 32;  ///< entries that an empty bucket keeps room for
    static constexpr std::uint32_t sparse = 8;  ///< compacted when no more than one in so many is in use

    bool grow() noexcept;
    void compact(std::uint32_t own_number) noexcept;
    [[nodiscard]] bool resize(std::uint32_t capacity) noexcept;
    RawArray<TimerEntry> entries_;
    std::uint32_t end_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t few_ = 0;  ///< with no more than these in it, the bucket is worth a look
    std::uint32_t first_hole_ = no_hole;
};

}  // namespace weft::impl
