// The wheel: where a deadline lies, how it moves down as time goes on, and which is the earliest.
#include "time/timer_queue.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace weft::impl {

namespace {

constexpr std::uint32_t least_room = 64;
constexpr std::uint32_t most_room = 1U << 31;

}  // namespace

/// The heap has room for every node armed, so that time can go on, and nodes move into it, without memory.
/// What is never used of it is never touched and costs addresses only.
void TimerQueue::grow() {
    const std::size_t room = std::max<std::size_t>(least_room, size_ * 2);
    if (!wheel_) {
        wheel_ = std::make_unique<Wheel>();
    }
    if (room > most_room || !set_room(static_cast<std::uint32_t>(room))) {
        throw std::bad_alloc();
    }
}

void TimerQueue::shrink() noexcept {
    // Without memory for the smaller room, the large one goes on to serve.
    (void)set_room(static_cast<std::uint32_t>(room_ / 2));
}

bool TimerQueue::set_room(std::uint32_t room) noexcept {
    if (!heap_.set_room(room)) {
        return false;
    }
    room_ = room;
    few_ = room > least_room ? room / 4 : 0;
    return true;
}

std::int64_t TimerQueue::next() noexcept {
    if (!heap_.empty() && heap_.first_when() <= wheel_at_least_) {
        return heap_.first_when();
    }
    leave_all();
    while (heap_.empty() || heap_.first_when() > wheel_at_least_) {
        if (used_levels_ == 0) {
            wheel_at_least_ = no_timer;
            return heap_.empty() ? no_timer : heap_.first_when();
        }
        tighten();
    }
    return heap_.first_when();
}

TimerNode* TimerQueue::pop_due(std::int64_t now) noexcept {
    if (tick_of(now) > base_) {
        advance(tick_of(now));
    }
    if (heap_.empty() || heap_.first_when() > now) {
        return nullptr;
    }
    TimerNode& node = heap_.first();
    cancel(node);
    return &node;
}

/// Before anything that moves entries, or takes their nodes to be alive.
void TimerQueue::leave_all() noexcept {
    const auto places = std::exchange(leaving_, nobody_leaving());
    for (const std::uint64_t place : places) {
        if (place != TimerNode::nowhere) {
            (void)wheel_->bucket(place).take(TimerNode::index_of(place));
        }
    }
    for (const std::uint64_t place : places) {
        if (place != TimerNode::nowhere) {
            settle(TimerNode::number_of(place));
        }
    }
}

/// To be called when nodes have been taken out of a bucket.
void TimerQueue::settle(std::uint32_t number) noexcept {
    wheel_->buckets[number].settle(number);
    if (wheel_->buckets[number].empty()) {
        mark_empty(number);
    }
}

void TimerQueue::mark_used(std::uint32_t number) noexcept {
    const std::uint32_t slot = number % slots;
    wheel_->used[number / slots][slot / 64] |= std::uint64_t{1} << (slot % 64);
    used_levels_ |= 1U << (number / slots);
}

void TimerQueue::mark_empty(std::uint32_t number) noexcept {
    const std::uint32_t slot = number % slots;
    auto& used = wheel_->used[number / slots];
    used[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    if (std::all_of(used.begin(), used.end(), [](std::uint64_t word) { return word == 0; })) {
        used_levels_ &= ~(1U << (number / slots));
    }
}

/// The earliest bucket with anything in it; the wheel must not be empty.
TimerQueue::Stretch TimerQueue::first_bucket() const noexcept {
    const auto level = static_cast<unsigned>(std::countr_zero(used_levels_));
    const auto& used = wheel_->used[level];
    unsigned word = 0;
    while (used[word] == 0) {
        ++word;
    }
    const unsigned slot = word * 64 + static_cast<unsigned>(std::countr_zero(used[word]));
    const unsigned shift = level * level_bits;
    const std::int64_t higher_digits = base_ >> (shift + level_bits) << (shift + level_bits);
    return {level * slots + slot, higher_digits | std::int64_t{slot} << shift};
}

/// Empties every bucket that begins at `tick` or before: into the heap, or into finer buckets.
void TimerQueue::advance(std::int64_t tick) noexcept {
    leave_all();
    while (used_levels_ != 0) {
        const Stretch stretch = first_bucket();
        if (stretch.start > tick) {
            break;
        }
        base_ = stretch.start;
        cascade(stretch);
    }
    // What is left differs from the new tick in the same digit as from the old one, so it lies where it
    // should.
    base_ = tick;
}

/// Now that time has reached the bucket, all in it goes to the heap or to lower levels, never back to it.
void TimerQueue::cascade(const Stretch& stretch) noexcept {
    TimerBucket& bucket = wheel_->buckets[stretch.number];
    mark_empty(stretch.number);
    for (std::uint32_t i = 0; i < bucket.end(); ++i) {
        bucket.prefetch_node(i + TimerBucket::nodes_ahead);
        if (!bucket[i].is_hole()) {
            put(*bucket[i].node);
        }
    }
    bucket.clear();
}

/// Raises `wheel_at_least_`: moves the earliest few of the first bucket to the heap, unless the heap has an
/// earlier one.
///
/// Were only the earliest looked up, a server whose connections speak in turn, so that each cancels the
/// earliest deadline, would search the whole bucket every time. So a share of the bucket is moved that pays
/// for the search.
void TimerQueue::tighten() noexcept {
    const Stretch stretch = first_bucket();
    wheel_at_least_ = std::max(wheel_at_least_, stretch.start << tick_bits);
    if (!heap_.empty() && heap_.first_when() <= wheel_at_least_) {
        return;
    }
    TimerBucket& bucket = wheel_->buckets[stretch.number];
    const std::uint32_t earliest = bucket.earliest();
    wheel_at_least_ = bucket[earliest].when;
    if (!heap_.empty() && heap_.first_when() <= wheel_at_least_) {
        return;
    }
    const std::int64_t early = bucket.early();
    std::uint32_t quota = bucket.count() / 16;
    move_to_heap(bucket, earliest);
    wheel_at_least_ = no_timer;
    for (std::uint32_t i = 0; i < bucket.end(); ++i) {
        if (bucket[i].when <= early && quota > 0 && !bucket[i].is_hole()) {
            move_to_heap(bucket, i);
            --quota;
        } else {
            wheel_at_least_ = std::min(wheel_at_least_, bucket[i].when);
        }
    }
    settle(stretch.number);
    if (bucket.empty()) {
        wheel_at_least_ = used_levels_ == 0 ? no_timer : first_bucket().start << tick_bits;
    }
}

void TimerQueue::move_to_heap(TimerBucket& bucket, std::uint32_t index) noexcept {
    TimerNode& node = *bucket[index].node;
    (void)bucket.take(index);
    heap_.push(node);
}

std::size_t TimerQueue::bytes() const noexcept {
    if (!wheel_) {
        return 0;
    }
    std::size_t sum = sizeof(Wheel) + heap_.bytes();
    for (const TimerBucket& bucket : wheel_->buckets) {
        sum += bucket.bytes();
    }
    return sum;
}

}  // namespace weft::impl
