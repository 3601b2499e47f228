// Which fiber holds what libc takes to be its thread's: locks that know their owner know it by the kernel's number of the thread,
// which all fibers of a hub share.
#pragma once

#include "core/fiber_block.hpp"

#include <cstddef>
#include <cstdint>

namespace weft::impl {

class Hub;

/// The locks that fibers of the calling thread hold, by address. Fibers stay with their thread, so each thread has its own.
class LockOwners {
public:
    constexpr LockOwners() noexcept = default;
    LockOwners(const LockOwners&) = delete;
    LockOwners& operator=(const LockOwners&) = delete;

    static LockOwners& of_thread() noexcept;

    /// Makes room for one more; false without memory.
    [[nodiscard]] bool reserve() noexcept;
    /// Room is reserved.
    void set(const void* lock, const FiberBlock& fiber) noexcept;
    void erase(const void* lock) noexcept;
    /// Of a lock that libc says the calling thread holds. What nobody has entered was locked before the thread had fibers.
    [[nodiscard]] bool held_by_caller(const void* lock, Hub& hub) const noexcept;

private:
    struct Entry {
        const void* lock = nullptr;
        std::uint64_t fiber = 0;
    };

    [[nodiscard]] std::size_t place_of(const void* lock) const noexcept;
    [[nodiscard]] std::size_t home_of(const void* lock) const noexcept;

    friend struct LockOwnersEnd;
    Entry* entries_ =
        nullptr;  ///< by hash, with gaps; `mask_` + 1 of them. Locks may be taken until the thread's very end
    std::size_t mask_ = 0;
    std::size_t used_ = 0;
};

extern constinit thread_local LockOwners lock_owners __attribute__((tls_model("initial-exec")));

inline LockOwners& LockOwners::of_thread() noexcept { return lock_owners; }

}  // namespace weft::impl
