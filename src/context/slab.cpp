// One large mapping that stacks are cut from, and the list of all of them.
#include "context/slab.hpp"

#include <new>

#include "base/sys.hpp"

#if !WEFT_ASAN
// In a program that is built with the leak sanitizer, where this library is not.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" [[gnu::weak]] void __lsan_register_root_region(const void* begin, std::size_t size);
#endif

namespace weft::impl {

#if WEFT_VALGRIND
const bool under_valgrind = [] { return RUNNING_ON_VALGRIND != 0; }();
#endif

namespace {

constexpr int pr_set_vma = 0x53564d41;  // PR_SET_VMA, PR_SET_VMA_ANON_NAME: since Linux 5.17
constexpr int pr_set_vma_anon_name = 0;

// Frames at the same depth of all stacks would share their cache sets; each header starts some lines lower
// instead. What is left of the top page holds a control block and the frames of a parked fiber.
constexpr std::size_t colour_count = 22;
constexpr std::size_t colour_step = 64;
static_assert(page_size - colour_count * colour_step >= 2560);

constinit std::atomic<Slab*> slabs{nullptr};

/// Tells the memory checkers that this is a stack: valgrind, so that a switch is not taken for a huge frame; the leak
/// checker, so that what only a parked fiber refers to is not called lost.
void announce([[maybe_unused]] const StackSlot& slot) noexcept {
#if WEFT_VALGRIND
    static_cast<void>(VALGRIND_STACK_REGISTER(slot.limit, slot.top));
#endif
#if !WEFT_ASAN
    if (__lsan_register_root_region == nullptr) {
        return;
    }
#endif
    __lsan_register_root_region(slot.limit, slot.size());
}

}  // namespace

StackSlot* Slab::header(std::size_t index) const noexcept {
    std::byte* end = slots + (index + 1) * stride;
    return reinterpret_cast<StackSlot*>(end - sizeof(StackSlot) - (index % colour_count) * colour_step);
}

StackSlot* Slab::make_slot(std::size_t index, GuardLadder& ladder) noexcept {
    std::byte* base = slots + index * stride;
    StackSlot* slot = new (header(index)) StackSlot{};
    slot->limit = base + guard_size;
    slot->top = reinterpret_cast<std::byte*>(slot);
    slot->size_class = static_cast<std::uint32_t>(size_class);
    slot->guard = ladder.protect(base);
    announce(*slot);
    return slot;
}

Slab* map_slab(std::size_t size_class, std::size_t count) noexcept {
    const std::size_t stride = guard_size + stack_class_size(size_class);
    const std::size_t length = page_size + count * stride;
    void* memory =
        sys.mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return nullptr;
    }
    // Both are improvements that a kernel may lack: one touched page must not become a huge one, and maps
    // should say what this is.
    sys.madvise(memory, length, MADV_NOHUGEPAGE);
    sys.prctl(pr_set_vma, pr_set_vma_anon_name, memory, length, "weft stacks");
    Slab* slab = new (memory) Slab{};
    slab->slots = static_cast<std::byte*>(memory) + page_size;
    slab->stride = stride;
    slab->capacity = count;
    slab->size_class = size_class;
    slab->next = slabs.load(std::memory_order_relaxed);
    // release: pairs with the acquire in stack_containing().
    while (!slabs.compare_exchange_weak(slab->next, slab, std::memory_order_release,
                                        std::memory_order_relaxed)) {
    }
    return slab;
}

const Slab* newest_slab() noexcept { return slabs.load(std::memory_order_acquire); }

StackInfo stack_containing(const void* address) noexcept {
    const auto* byte = static_cast<const std::byte*>(address);
    for (const Slab* slab = slabs.load(std::memory_order_acquire); slab != nullptr; slab = slab->next) {
        if (byte < slab->slots || byte >= slab->slots + slab->capacity * slab->stride) {
            continue;
        }
        const auto index = static_cast<std::size_t>(byte - slab->slots) / slab->stride;
        if (index >= slab->cut.load(std::memory_order_relaxed)) {
            return {};
        }
        const StackSlot* slot = slab->header(index);
        if (slot->top == nullptr) {
            return {};  // another thread is just making it
        }
        return {.slot = slot, .in_guard = byte < slot->limit};
    }
    return {};
}

}  // namespace weft::impl
