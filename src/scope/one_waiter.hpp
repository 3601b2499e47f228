// The place of one fiber that waits for something which others bring about under a lock.
#pragma once

#include "base/spinlock.hpp"
#include "core/hub.hpp"
#include "core/park.hpp"

#include <utility>

namespace weft::impl {

/// Whoever changes what is waited for holds `lock`, takes the waiter out when that has come, and wakes it after unlocking.
struct OneWaiter {
    struct Record : WaitRecord {
        Record(WaitReason why, const void* what, OneWaiter& where) noexcept
            : WaitRecord(why, what, &abort_waiting), place(where) {}

        static bool abort_waiting(WaitRecord& record) noexcept {
            OneWaiter& place = static_cast<Record&>(record).place;
            place.lock.lock();
            const bool there = place.waiter == &record;
            if (there) {
                place.waiter = nullptr;
            }
            place.lock.unlock();
            return there;
        }

        OneWaiter& place;
    };

    /// With the lock held.
    WaitRecord* take() noexcept {
        WaitRecord* record = std::exchange(waiter, nullptr);
        return record != nullptr && record->take(0) ? record
                                                    : nullptr;  // not one that a fork has left behind
    }

    SpinLock lock;
    WaitRecord* waiter = nullptr;
};

}  // namespace weft::impl
