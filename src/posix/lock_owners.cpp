// A hash table with linear probing: an entry lies at its home or in the unbroken run of others after it.
#include "posix/lock_owners.hpp"

#include "core/hub.hpp"

#include <memory>
#include <new>
#include <utility>

namespace weft::impl {

constinit thread_local LockOwners lock_owners;

struct LockOwnersEnd {
    ~LockOwnersEnd() {
        delete[] std::exchange(lock_owners.entries_, nullptr);
        lock_owners.mask_ = lock_owners.used_ = 0;
    }
    bool needed = false;
};

namespace {

thread_local LockOwnersEnd owners_end;

}  // namespace

std::size_t LockOwners::home_of(const void* lock) const noexcept {
    const auto key = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(lock)) >> 2;
    return static_cast<std::size_t>(key * 0x9e3779b97f4a7c15U >> 32) & mask_;
}

std::size_t LockOwners::place_of(const void* lock) const noexcept {
    std::size_t at = home_of(lock);
    while (entries_[at].lock != nullptr && entries_[at].lock != lock) {
        at = (at + 1) & mask_;
    }
    return at;
}

bool LockOwners::reserve() noexcept {
    constexpr std::size_t least = 16;
    if (entries_ != nullptr && (used_ + 1) * 2 <= mask_ + 1) {
        return true;
    }
    const std::size_t room = entries_ == nullptr ? least : (mask_ + 1) * 2;
    auto* fresh = new (std::nothrow) Entry[room];
    if (fresh == nullptr) {
        return false;
    }
    owners_end.needed = true;  // by its first use it is made, and so will end
    const std::unique_ptr<Entry[]> old(std::exchange(entries_, fresh));
    const std::size_t old_room = old == nullptr ? 0 : mask_ + 1;
    mask_ = room - 1;
    for (std::size_t i = 0; i < old_room; ++i) {
        if (old[i].lock != nullptr) {
            entries_[place_of(old[i].lock)] = old[i];
        }
    }
    return true;
}

void LockOwners::set(const void* lock, const FiberBlock& fiber) noexcept {
    Entry& entry = entries_[place_of(lock)];
    used_ += entry.lock == nullptr ? 1 : 0;
    entry = {.lock = lock, .fiber = fiber.id};
}

void LockOwners::erase(const void* lock) noexcept {
    if (entries_ == nullptr) {
        return;
    }
    std::size_t gap = place_of(lock);
    if (entries_[gap].lock == nullptr) {
        return;
    }
    // What comes after it in the run moves up, unless that would be before its home.
    for (std::size_t at = (gap + 1) & mask_; entries_[at].lock != nullptr; at = (at + 1) & mask_) {
        const std::size_t from_home = (at - home_of(entries_[at].lock)) & mask_;
        if (from_home >= ((at - gap) & mask_)) {
            entries_[gap] = entries_[at];
            gap = at;
        }
    }
    entries_[gap] = {};
    --used_;
}

bool LockOwners::held_by_caller(const void* lock, Hub& hub) const noexcept {
    const Entry* entry = entries_ != nullptr ? &entries_[place_of(lock)] : nullptr;
    if (entry == nullptr || entry->lock == nullptr) {
        return &hub.running() == &hub.main_fiber();
    }
    return entry->fiber == hub.running().id;
}

}  // namespace weft::impl
