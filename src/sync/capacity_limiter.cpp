// CapacityLimiter: who has a token, who waits for one, and how many there are.
#include <weft/sync/capacity_limiter.hpp>

#include "base/assert.hpp"
#include "sync/identity.hpp"
#include "sync/wait_queue.hpp"

#include <mutex>
#include <utility>

namespace weft {

/// A borrower in the queue.
struct CapacityLimiter::Place {
    bool delist(impl::WaitNode& node) noexcept {
        Borrowers::node_type entry;  // freed after the unlocking
        const std::lock_guard lock(limiter.lock_);
        const bool linked = node.linked;
        if (linked) {
            limiter.waiting_.remove(node);
            entry = limiter.borrowers_.extract(borrower);
        }
        return linked;
    }

    CapacityLimiter& limiter;
    const void* borrower;
    impl::QueueRecord<Place> record{impl::WaitReason::semaphore, &limiter, *this};
};

namespace {

/// Made before the lock is taken.
std::map<const void*, bool>::node_type entry_for(const void* borrower) {
    std::map<const void*, bool> made{{borrower, false}};
    return made.extract(made.begin());
}

}  // namespace

bool CapacityLimiter::enlist(Borrowers::node_type entry, Place* place) {
    const std::lock_guard lock(lock_);
    const bool free = borrowed_ < total_ && waiting_.empty();
    if (!free && place == nullptr) {
        return true;
    }
    const auto inserted = borrowers_.insert(std::move(entry));
    WEFT_CHECK(inserted.inserted, "a CapacityLimiter lends twice to the same borrower");
    if (free) {
        inserted.position->second = true;
        ++borrowed_;
    } else {
        waiting_.push(place->record.node);
    }
    return !free;
}

void CapacityLimiter::acquire(Deadline deadline) { acquire_on_behalf_of(impl::identity(), deadline); }

void CapacityLimiter::acquire_on_behalf_of(const void* borrower, Deadline deadline) {
    Place place{*this, borrower};
    if (enlist(entry_for(borrower), &place)) {
        impl::park_or_throw(place.record, deadline, "acquire of a capacity limiter");
    }
}

bool CapacityLimiter::try_acquire() { return try_acquire_on_behalf_of(impl::identity()); }

bool CapacityLimiter::try_acquire_on_behalf_of(const void* borrower) {
    return !enlist(entry_for(borrower), nullptr);
}

/// Lends what there is to those that have waited longest. With the lock held.
impl::WaitNode* CapacityLimiter::grant() noexcept {
    impl::WaitNode* served = waiting_.pop_chain(total_ > borrowed_ ? total_ - borrowed_ : 0);
    for (impl::WaitNode* node = served; node != nullptr; node = node->next) {
        const auto& record = static_cast<impl::QueueRecord<Place>&>(*node->record);
        borrowers_.find(record.queue.borrower)->second = true;
        ++borrowed_;
    }
    return served;
}

void CapacityLimiter::release() noexcept { release_on_behalf_of(impl::identity()); }

void CapacityLimiter::release_on_behalf_of(const void* borrower) noexcept {
    Borrowers::node_type entry;  // freed after the unlocking
    impl::WaitNode* served = nullptr;
    {
        const std::lock_guard lock(lock_);
        const auto found = borrowers_.find(borrower);
        WEFT_CHECK(found != borrowers_.end() && found->second,
                   "release of a token of a CapacityLimiter that was not borrowed");
        entry = borrowers_.extract(found);
        --borrowed_;
        served = grant();
    }
    impl::wake_chain(served);
}

void CapacityLimiter::set_total(std::uint32_t total) noexcept {
    impl::WaitNode* served = nullptr;
    {
        const std::lock_guard lock(lock_);
        total_ = total;
        served = grant();
    }
    impl::wake_chain(served);
}

std::uint32_t CapacityLimiter::total() const noexcept {
    const std::lock_guard lock(lock_);
    return total_;
}

std::uint32_t CapacityLimiter::borrowed() const noexcept {
    const std::lock_guard lock(lock_);
    return borrowed_;
}

}  // namespace weft
