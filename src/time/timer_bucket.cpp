// Growth and compaction of a bucket of deadlines.
#include "time/timer_bucket.hpp"

#include <algorithm>

namespace weft::impl {

bool TimerBucket::resize(std::uint32_t capacity) noexcept {
    if (!entries_.resize(end_, capacity)) {
        return false;
    }
    few_ = capacity > small ? capacity / sparse : 0;
    return true;
}

void TimerBucket::settle(std::uint32_t own_number) noexcept {
    if (count_ == 0) {
        clear();
    } else if (count_ <= few_) {
        compact(own_number);
    }
}

bool TimerBucket::grow() noexcept {
    constexpr std::uint32_t first = 8;
    constexpr std::uint32_t most = 1U << 31;
    const std::uint32_t capacity = entries_.capacity();
    return capacity < most && resize(capacity == 0 ? first : capacity * 2);
}

void TimerBucket::compact(std::uint32_t own_number) noexcept {
    std::uint32_t end = 0;
    for (std::uint32_t i = 0; i < end_; ++i) {
        prefetch_node(i + nodes_ahead);
        if (!entries_[i].is_hole()) {
            entries_[end] = entries_[i];
            entries_[end].node->place = TimerNode::place_of(own_number, end);
            ++end;
        }
    }
    end_ = end;
    first_hole_ = no_hole;
    // Without memory for the smaller room, the large one goes on to serve.
    (void)resize(end_ * 2);
}

std::uint32_t TimerBucket::earliest() const noexcept {
    std::uint32_t found = 0;
    for (std::uint32_t i = 1; i < end_; ++i) {
        found = entries_[i].when < entries_[found].when ? i : found;
    }
    return found;
}

std::int64_t TimerBucket::early() const noexcept {
    // The earliest of some thirty, taken from the middles of equal stretches: arrays are often in ascending
    // order.
    const std::uint32_t stretch = std::max(end_ / 32, 1U);
    std::int64_t early = no_timer;
    for (std::uint32_t i = stretch / 2; i < end_; i += stretch) {
        early = std::min(early, entries_[i].when);
    }
    return early;
}

void TimerBucket::clear() noexcept {
    end_ = 0;
    count_ = 0;
    first_hole_ = no_hole;
    if (entries_.capacity() > small) {
        entries_ = RawArray<TimerEntry>();
        few_ = 0;
    }
}

}  // namespace weft::impl
