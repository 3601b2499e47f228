// A binary heap of deadlines in exact order: by time, then by arming. Each node knows its place, so it can
// leave early.
#pragma once

#include "time/raw_array.hpp"
#include "time/timer_node.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::impl {

class TimerHeap {
public:
    bool empty() const noexcept { return count_ == 0; }
    std::int64_t first_when() const noexcept { return entries_[0].when; }
    TimerNode& first() const noexcept { return *entries_[0].node; }
    std::uint32_t room() const noexcept { return entries_.capacity(); }
    std::size_t bytes() const noexcept { return entries_.capacity() * sizeof(Entry); }

    /// Makes room for `capacity` entries, no fewer than there are; false, and nothing changed, without
    /// memory.
    [[nodiscard]] bool set_room(std::uint32_t capacity) noexcept { return entries_.resize(count_, capacity); }

    /// Needs room, which the owner has made.
    void push(TimerNode& node) noexcept;
    void erase(std::uint32_t index) noexcept;

private:
    struct Entry {
        std::int64_t when;
        std::uint64_t order;
        TimerNode* node;

        bool before(const Entry& other) const noexcept {
            return when != other.when ? when < other.when : order < other.order;
        }
    };

    void place(std::uint32_t index, const Entry& entry) noexcept {
        entries_[index] = entry;
        entry.node->place = TimerNode::first_in_heap + index;
    }
    void sift_up(std::uint32_t hole, const Entry& entry) noexcept;
    void sift_down(std::uint32_t hole, const Entry& entry) noexcept;

    RawArray<Entry> entries_;
    std::uint32_t count_ = 0;
};

}  // namespace weft::impl
