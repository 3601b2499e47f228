// Stacks for fibers: slots cut from large mappings, each with a guard, pooled per process and cached per hub.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/spinlock.hpp"
#include "context/guard.hpp"
#include "context/sanitizer.hpp"

namespace weft::impl {

inline constexpr std::size_t page_size = 4096;
inline constexpr std::size_t min_stack_size = std::size_t{16} << 10;
inline constexpr std::size_t default_stack_size = std::size_t{256} << 10;
inline constexpr std::size_t max_stack_size = std::size_t{1} << 30;

/// The header of a stack, in the top page of that very stack. Its memory is never unmapped and its page never
/// given back, so whatever lies between it and the page's start can be read for ever, however stale the
/// pointer.
struct alignas(64) StackSlot {
    std::byte* limit;  ///< lowest usable byte
    std::byte* top;    ///< one past the highest usable byte: this header itself
    StackSlot* next;   ///< for the pool; free for the owner's use while acquired
    std::uint32_t size_class;
    Guard guard;
#if WEFT_TSAN
    void* tsan_fiber;  ///< of the last fiber that ran here; destroyed when the next one is prepared
#endif

    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(top - limit); }
};
static_assert(sizeof(StackSlot) == 64);

[[nodiscard]] bool canary_intact(const StackSlot& slot) noexcept;

/// False: this stack has overflowed and cannot be trusted. One load and one branch where all stacks have
/// guard pages.
[[nodiscard]] inline bool canary_ok(const StackSlot& slot) noexcept {
    if (!unguarded_stacks.load(std::memory_order_relaxed)) [[likely]] {
        return true;
    }
    return slot.guard == Guard::pages || canary_intact(slot);
}

/// Size classes are powers of two from min_stack_size to max_stack_size.
inline constexpr std::size_t stack_class_count =
    static_cast<std::size_t>(std::bit_width(max_stack_size / min_stack_size));
[[nodiscard]] constexpr std::size_t stack_class_of(std::size_t size) noexcept {
    return size <= min_stack_size ? 0 : static_cast<std::size_t>(std::bit_width((size - 1) / min_stack_size));
}
[[nodiscard]] constexpr std::size_t stack_class_size(std::size_t size_class) noexcept {
    return min_stack_size << size_class;
}

struct Slab;

#if WEFT_VALGRIND
extern const bool under_valgrind;
#endif

/// The last fiber may have left frames behind that never returned; what comes next may use their place.
inline void forget_frames([[maybe_unused]] const StackSlot& slot) noexcept {
#if WEFT_ASAN
    __asan_unpoison_memory_region(slot.limit, static_cast<std::size_t>(slot.top - slot.limit));
#endif
#if WEFT_VALGRIND
    if (under_valgrind) [[unlikely]] {
        static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(slot.limit, slot.size()));
    }
#endif
}

/// All stacks of the process. Any thread.
class StackPool {
public:
    constexpr StackPool() noexcept = default;
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;

    /// The pool that hubs use. It lives as long as the process.
    static StackPool& process() noexcept;

    /// A stack of at least `size` usable bytes, less the rest of the top page that header and colour take.
    /// Throws std::system_error with the reason: EINVAL above max_stack_size, ENOMEM where the kernel gives
    /// no memory.
    StackSlot* acquire(std::size_t size);
    void release(StackSlot* slot) noexcept;

    /// Fills `out` with 1 to `count` slots of one class and returns how many. Throws as acquire does.
    std::size_t acquire_batch(std::size_t size_class, StackSlot** out, std::size_t count);
    /// Gives the slots' memory, except their top pages, back to the kernel and keeps them for later.
    void release_batch(StackSlot* const* slots, std::size_t count) noexcept;

    /// Around a fork, so that the child finds the pool consistent.
    void lock() noexcept { lock_.lock(); }
    void unlock() noexcept { lock_.unlock(); }

private:
    struct SizeClass {
        StackSlot* free = nullptr;
        Slab* slab = nullptr;  // the one that new slots are cut from
        std::size_t slots = 0;
    };

    bool grow(std::size_t size_class) noexcept;

    SpinLock lock_;
    GuardLadder ladder_;
    std::array<SizeClass, stack_class_count> classes_{};
};

/// The warm stacks of one hub: last in, first out, so that the next fiber gets the stack whose lines are in
/// the cache. Not thread-safe.
class StackCache {
public:
    explicit StackCache(StackPool& pool = StackPool::process()) noexcept : pool_(pool) {}
    StackCache(const StackCache&) = delete;
    StackCache& operator=(const StackCache&) = delete;
    ~StackCache();

    /// Throws as StackPool::acquire does.
    [[nodiscard]] StackSlot* acquire(std::size_t size = default_stack_size) {
        return acquire_class(stack_class_of(size));
    }
    /// The same for those who know the class, which is nearly always the same, from before.
    [[nodiscard]] StackSlot* acquire_class(std::size_t size_class) {
        if (size_class < stack_class_count) [[likely]] {
            Shelf& shelf = shelves_[size_class];
            if (shelf.count > 0) [[likely]] {
                return shelf.slots[--shelf.count];
            }
        }
        return refill(size_class);
    }
    /// Not for the stack that is running: its pages may go back to the kernel here.
    void release(StackSlot* slot) noexcept {
        Shelf& shelf = shelves_[slot->size_class];
        if (shelf.count == shelf.capacity && !make_room(shelf)) [[unlikely]] {
            pool_.release(slot);
            return;
        }
        forget_frames(*slot);
        shelf.slots[shelf.count++] = slot;
    }

private:
    struct Shelf {
        std::unique_ptr<StackSlot*[]> slots;
        std::uint32_t count = 0;
        std::uint32_t capacity = 0;
    };

    StackSlot* refill(std::size_t size_class);
    bool make_room(Shelf& shelf) noexcept;
    static bool provide(Shelf& shelf) noexcept;

    StackPool& pool_;
    std::array<Shelf, stack_class_count> shelves_{};
};

/// What an address means to the stacks of this process. Async-signal-safe.
struct StackInfo {
    const StackSlot* slot = nullptr;  ///< null: the address is in no stack
    bool in_guard = false;            ///< below the usable part of that stack
};
[[nodiscard]] StackInfo stack_containing(const void* address) noexcept;

}  // namespace weft::impl
