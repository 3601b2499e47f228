// A lock for a few instructions between threads. Never held across a wait or a fiber switch. For the library's own use.
#pragma once

#include <weft/base/export.hpp>

#include <atomic>

namespace weft::impl {

/// Lockable in the standard's sense; constant-initialised. One byte.
class WEFT_API SpinLock {
public:
    constexpr SpinLock() noexcept = default;
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

    void lock() noexcept {
        if (!try_lock()) [[unlikely]] {
            lock_contended();
        }
    }
    // acquire: pairs with the release in unlock().
    [[nodiscard]] bool try_lock() noexcept { return !locked_.exchange(true, std::memory_order_acquire); }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    void lock_contended() noexcept;

    std::atomic<bool> locked_{false};
};

}  // namespace weft::impl
