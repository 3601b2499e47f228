// The long wait for many.
#include "core/gather.hpp"

#include "core/park.hpp"

#include <mutex>
#include <utility>

namespace weft::impl {

bool take_gathered(WaitRecord& record, std::uint32_t tag) noexcept {
    return static_cast<Gathering&>(record).take_member(tag);
}

Gathering::Gathering(std::span<const Waitable> objects) : WaitRecord(WaitReason::any_of, this, &abort_wait) {
    in_set = true;
    gathers = true;
    members_.reserve(objects.size());
    for (const Waitable& each : objects) {
        members_.emplace_back(each);
        WaitNode& node = members_.back().node;
        node.record = this;
        node.tag = static_cast<std::uint32_t>(members_.size() - 1);
    }
    // From the start in all of them, or the order of those that become ready meanwhile would be lost.
    for (Member& member : members_) {
        WaitableAccess::enlist(member.object, member.node);
    }
}

Gathering::~Gathering() {
    for (Member& member : members_) {
        if (!member.given) {  // else it may be gone
            WaitableAccess::delist(member.object, member.node);
        }
    }
}

bool Gathering::take_member(std::uint32_t tag) noexcept {
    Member& member = members_[tag];
    const std::lock_guard lock(lock_);
    // Another thread may be faster than next() in looking at a member that has been asked, and is queued again.
    if (asked_ == &member && std::this_thread::get_id() == thread_) {
        return true;
    }
    if (std::exchange(waits_, false)) {
        winner_ = &member;
        return true;
    }
    member.next = nullptr;
    (ready_ != nullptr ? last_ready_->next : ready_) = &member;
    last_ready_ = &member;
    return false;
}

bool Gathering::abort_wait(WaitRecord& record) noexcept {
    auto& self = static_cast<Gathering&>(record);
    const std::lock_guard lock(self.lock_);
    return std::exchange(self.waits_, false);
}

/// The first of those that have become ready; or null, and then the wait has begun.
Gathering::Member* Gathering::first_or_wait() noexcept {
    outcome = Wake::woken;
    lapsed = false;
    own_until = INT64_MAX;
    signal.store(0, std::memory_order_relaxed);
    const std::lock_guard lock(lock_);
    Member* first = ready_;
    if (first != nullptr) {
        ready_ = first->next;
    }
    asked_ = first;
    waits_ = first == nullptr;
    return first;
}

std::size_t Gathering::give(Member& member) noexcept {
    member.given = true;
    ++given_;
    return static_cast<std::size_t>(&member - members_.data());
}

Wake Gathering::next(std::size_t& index, Deadline& deadline) {
    while (Member* member = first_or_wait()) {
        if (!WaitableAccess::enlist(member->object, member->node)) {
            index = give(*member);
            return Wake::woken;
        }
        // It has been reset, or others were faster: it is in its queue again.
    }
    const Wake how = park(*this, deadline);
    if (how == Wake::woken) {
        index = give(*winner_);
    }
    return how;
}

}  // namespace weft::impl
