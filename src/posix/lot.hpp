// The parking lot: where fibers wait for locks of libc's, by the address of the lock, since its own type has no room for a queue.
//
// A lock is tried by libc's own function. Whoever finds it taken enlists, tries again, and parks; whoever gives it up (on any
// thread) does so by libc's own function, and then wakes who is enlisted. Neither misses the other: the waiter counts itself before
// it tries again, and the other one reads the count after the lock is free, both sequentially consistent.
#pragma once

#include "base/spinlock.hpp"
#include "core/hub.hpp"
#include "core/park.hpp"

#include <atomic>
#include <cstdint>

namespace weft::impl {

/// What a wait is for, where an address has waits of several kinds. A futex uses the bits as its callers do.
inline constexpr std::uint32_t wait_any_kind = ~std::uint32_t{0};

/// One wait for an address, on the waiter's stack.
class LotWait : public WaitRecord {
public:
    LotWait(WaitReason why, const void* address, std::uint32_t kinds = wait_any_kind) noexcept;

    /// Joins those who wait for the address: at the end, or at its old place if it has waited before.
    void enlist() noexcept;
    /// Leaves without having waited. False: somebody has woken it, which is over with now.
    bool leave() noexcept;
    /// Waits, by park() or park_shielded(); `until` is absolute.
    Wake park_until(TimePoint until, bool shielded) noexcept;

    /// It was woken before and came too late: who takes the lock next shall let it go first.
    void insist() noexcept { insists_ = true; }
    /// After it was woken: it has tried.
    void has_tried() noexcept;

    [[nodiscard]] std::uint64_t ticket() const noexcept { return ticket_; }

private:
    friend struct LotBucket;
    static bool give_up(WaitRecord& record) noexcept;

    LotWait* prev_ = nullptr;
    LotWait* next_ = nullptr;
    std::uint64_t ticket_ = 0;
    std::uint32_t kinds_;
    bool linked_ = false;
    bool insists_ = false;
    bool due_ = false;
};

/// Those whose addresses have the same hash, oldest first.
struct alignas(64) LotBucket {
    std::atomic<std::uint32_t> waiting{0};
    /// Woken waits that insist, and have not tried yet.
    std::atomic<std::uint32_t> due{0};
    /// Threads inside libc's pthread_cond_wait, which gives up its mutex unheard.
    std::atomic<std::uint32_t> unheard{0};
    SpinLock lock;
    LotWait* first = nullptr;
    LotWait* last = nullptr;
    std::uint64_t next_ticket = 1;

    // Under the lock:
    void insert(LotWait& wait) noexcept;
    void remove(LotWait& wait) noexcept;
    /// The oldest for the address and one of the kinds; null if none.
    [[nodiscard]] LotWait* find(const void* address, std::uint32_t kinds,
                                const LotWait* after = nullptr) const noexcept;
    /// Takes out what find() has found, for wake_taken().
    void take(LotWait& wait, LotWait**& end) noexcept;
    static bool is_linked(const LotWait& wait) noexcept { return wait.linked_; }
    static std::uint32_t kinds_of(const LotWait& wait) noexcept { return wait.kinds_; }

    /// Wakes a chain that take() has made; not under the lock.
    static std::size_t wake_taken(LotWait* chain) noexcept;
};

inline constexpr unsigned lot_bits = 10;
extern constinit LotBucket lot[std::size_t{1} << lot_bits];

inline LotBucket& lot_bucket(const void* address) noexcept {
    // Fibonacci's: neighbours are far apart.
    const auto key = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address)) >> 2;
    return lot[key * 0x9e3779b97f4a7c15U >> (64 - lot_bits)];
}

/// Holds a bucket's lock. What a signal handler wants to wake meanwhile on this thread is woken at the end.
class LotGuard {
public:
    explicit LotGuard(LotBucket& bucket) noexcept;
    LotGuard(const LotGuard&) = delete;
    LotGuard& operator=(const LotGuard&) = delete;
    ~LotGuard();

private:
    LotBucket& bucket_;
};

/// Whether anybody may wait for the address. After libc's function that gives the lock up, whose last store it must not overtake.
inline bool lot_waited(const void* address) noexcept {
#if !defined(__x86_64__)
    std::atomic_thread_fence(std::memory_order_seq_cst);  // there, that store is a locked instruction already
#endif
    return lot_bucket(address).waiting.load(std::memory_order_seq_cst) != 0;
}

/// The same after a store that may be any: a full barrier itself.
inline bool lot_waited_after_store(const void* address) noexcept {
    return lot_bucket(address).waiting.fetch_add(0, std::memory_order_seq_cst) != 0;
}

/// Wakes the oldest `most` of an address, of the given kinds. Returns how many it has woken.
std::size_t wake_in_lot(const void* address, std::size_t most, std::uint32_t kinds = wait_any_kind) noexcept;

/// Wakes the oldest of an address, from a signal handler.
void wake_in_lot_from_signal(const void* address) noexcept;

/// Whether one of the kinds waits for the address and is older than `ticket` (0: than nobody, so any).
bool waits_in_lot(const void* address, std::uint32_t kinds, std::uint64_t ticket) noexcept;

/// Before a fiber takes a lock: who was promised it, and is about to run, goes first.
inline void let_due_go_first(Hub& hub, const void* address) noexcept {
    if (lot_bucket(address).due.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        hub.yield();
    }
}

}  // namespace weft::impl
