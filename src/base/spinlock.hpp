// A lock for a few instructions between threads. Never held across a wait or a fiber switch.
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::impl {

/// Lockable in the standard's sense; constant-initialised. One byte.
class SpinLock {
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

/// Tells the processor that this is a spin-wait loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace weft::impl
