// When the virtual clock may move, and whom it wakes.
#include "testing/virtual_clock.hpp"

#include "base/sys.hpp"
#include "testing/virtual_poller.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>

namespace weft::impl {

VirtualClock& VirtualClock::process() noexcept {
    static VirtualClock clock;
    return clock;
}

VirtualClock::VirtualClock() : now_(std::chrono::steady_clock::now().time_since_epoch().count()) {}

void VirtualClock::advance(std::int64_t ns) {
    const std::lock_guard guard(lock_);
    move_to(now() + ns);
}

void VirtualClock::hold() noexcept {
    const std::lock_guard guard(lock_);
    ++holds_;
}

void VirtualClock::release() {
    const std::lock_guard guard(lock_);
    if (--holds_ == 0 && !members_.empty()) {
        // Its hub looks again whether all are idle.
        members_.front()->poller->notify();
    }
}

void VirtualClock::add(Member& member) {
    const std::lock_guard guard(lock_);
    members_.push_back(&member);
}

void VirtualClock::remove(Member& member) {
    const std::lock_guard guard(lock_);
    std::erase(members_, &member);
    // Perhaps the others had to wait for this one only.
    if (!members_.empty()) {
        members_.front()->poller->notify();
    }
}

void VirtualClock::forget_members() noexcept {
    std::construct_at(&lock_);
    std::construct_at(&members_);
}

bool VirtualClock::become_idle(Member& member, std::int64_t until, bool job_out) {
    const std::lock_guard guard(lock_);
    member.idle = true;
    member.until = until;
    member.job_out = job_out;
    if (may_move()) {
        const auto earliest =
            std::min_element(members_.begin(), members_.end(),
                             [](const Member* a, const Member* b) { return a->until < b->until; });
        if ((*earliest)->until != poll_forever) {
            move_to((*earliest)->until);
        }
    }
    const bool due = until <= now();
    member.idle = !due;
    return due;
}

void VirtualClock::become_busy(Member& member) {
    const std::lock_guard guard(lock_);
    member.idle = false;
}

bool VirtualClock::may_move() const {
    return holds_ == 0 && std::all_of(members_.begin(), members_.end(), [](const Member* each) {
               if (!each->idle || each->job_out) {
                   return false;
               }
               // Woken already, though its thread has not got the processor yet? Asked with a copy: that
               // thread uses its own.
               std::vector<pollfd> descriptors = each->descriptors;
               int count = 0;
               do {
                   count = sys.poll(descriptors.data(), descriptors.size(), 0);
               } while (count < 0 && errno == EINTR);  // a signal's handler has woken nobody
               return count == 0;
           });
}

void VirtualClock::move_to(std::int64_t time) {
    now_.store(std::max(now(), time), std::memory_order_release);
    for (Member* each : members_) {
        if (each->idle && each->until <= now()) {
            each->poller->notify();
        }
    }
}

}  // namespace weft::impl
