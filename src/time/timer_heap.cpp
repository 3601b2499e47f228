// The binary heap of deadlines.
#include "time/timer_heap.hpp"

namespace weft::impl {

void TimerHeap::push(TimerNode& node) noexcept { sift_up(count_++, Entry{node.when, node.order, &node}); }

void TimerHeap::erase(std::uint32_t index) noexcept {
    const Entry last = entries_[--count_];
    if (index == count_) {
        return;
    }
    // The last entry comes from another branch, so it may belong above the gap as well as below it.
    if (index > 0 && last.before(entries_[(index - 1) / 2])) {
        sift_up(index, last);
    } else {
        sift_down(index, last);
    }
}

void TimerHeap::sift_up(std::uint32_t hole, const Entry& entry) noexcept {
    while (hole > 0) {
        const std::uint32_t parent = (hole - 1) / 2;
        if (!entry.before(entries_[parent])) {
            break;
        }
        place(hole, entries_[parent]);
        hole = parent;
    }
    place(hole, entry);
}

void TimerHeap::sift_down(std::uint32_t hole, const Entry& entry) noexcept {
    for (;;) {
        std::uint32_t child = hole * 2 + 1;
        if (child >= count_) {
            break;
        }
        if (child + 1 < count_ && entries_[child + 1].before(entries_[child])) {
            ++child;
        }
        if (!entries_[child].before(entry)) {
            break;
        }
        place(hole, entries_[child]);
        hole = child;
    }
    place(hole, entry);
}

}  // namespace weft::impl
