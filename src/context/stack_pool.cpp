// The stacks that no hub holds, and where new ones come from.
#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>

#include "base/sys.hpp"
#include "context/overflow.hpp"
#include "context/slab.hpp"
#include "context/stack.hpp"

namespace weft::impl {
namespace {

constinit StackPool process_pool;

std::string in_kib(std::size_t size) { return std::to_string(size >> 10) + " KiB"; }

std::string limit_text(__rlimit_resource_t resource) {
    rlimit limit{};
    if (sys.getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return "unlimited";
    }
    return in_kib(limit.rlim_cur);
}

[[noreturn]] void throw_no_room(std::size_t size_class, int err) {
    throw std::system_error(err, std::system_category(),
                            "no room for a fiber's stack of " + in_kib(stack_class_size(size_class)) +
                                " (limits: vm.max_map_count " + std::to_string(max_map_count()) +
                                ", RLIMIT_AS " + limit_text(RLIMIT_AS) +
                                ", the machine's memory under vm.overcommit_memory)");
}

}  // namespace

bool canary_intact(const StackSlot& slot) noexcept {
    // The canary is a line of zeros just below the stack: it costs no page until an overflow writes to it.
    const auto* words = reinterpret_cast<const std::uint64_t*>(slot.limit) - 8;
    return std::all_of(words, words + 8, [](std::uint64_t word) { return word == 0; });
}

StackPool& StackPool::process() noexcept { return process_pool; }

StackSlot* StackPool::acquire(std::size_t size) {
    StackSlot* slot = nullptr;
    acquire_batch(stack_class_of(size), &slot, 1);
    return slot;
}

void StackPool::release(StackSlot* slot) noexcept { release_batch(&slot, 1); }

std::size_t StackPool::acquire_batch(std::size_t size_class, StackSlot** out, std::size_t count) {
    if (size_class >= stack_class_count) {
        throw std::system_error(EINVAL, std::system_category(),
                                "a fiber's stack is at most " + in_kib(max_stack_size));
    }
    install_overflow_report();
    Slab* slab = nullptr;
    std::size_t first = 0;
    std::size_t taken = 0;
    {
        const std::scoped_lock guard(lock_);
        SizeClass& stacks = classes_[size_class];
        for (; taken < count && stacks.free != nullptr; ++taken) {
            out[taken] = stacks.free;
            stacks.free = stacks.free->next;
        }
        if (taken == 0 && (stacks.slab != nullptr || grow(size_class))) {
            slab = stacks.slab;
            first = slab->cut.load(std::memory_order_relaxed);
            taken = std::min(count, slab->capacity - first);
            slab->cut.store(first + taken, std::memory_order_relaxed);
            stacks.slots += taken;
            if (first + taken == slab->capacity) {
                stacks.slab = nullptr;
            }
        }
    }
    if (taken == 0) {
        throw_no_room(size_class, ENOMEM);
    }
    for (std::size_t i = 0; slab != nullptr && i < taken; ++i) {
        out[i] = slab->make_slot(first + i, ladder_);
    }
    return taken;
}

bool StackPool::grow(std::size_t size_class) noexcept {
    SizeClass& stacks = classes_[size_class];
    // Half as much again each time keeps the number of mappings small; large stacks are not hoarded.
    constexpr std::size_t most_bytes = std::size_t{256} << 20;
    constexpr std::size_t most_slots = 512;
    constexpr std::size_t least_slots = 64;
    const std::size_t fitting =
        std::max<std::size_t>(most_bytes / (guard_size + stack_class_size(size_class)), 1);
    std::size_t slots = std::min(std::clamp(stacks.slots / 2, least_slots, most_slots), fitting);
    // Near a limit a smaller mapping may still fit.
    for (; slots > 0 && stacks.slab == nullptr; slots /= 2) {
        stacks.slab = map_slab(size_class, slots);
    }
    return stacks.slab != nullptr;
}

void StackPool::release_batch(StackSlot* const* slots, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        StackSlot* slot = slots[i];
        forget_frames(*slot);
        const auto top_page = reinterpret_cast<std::uintptr_t>(slot->top) & ~(page_size - 1);
        sys.madvise(slot->limit, top_page - reinterpret_cast<std::uintptr_t>(slot->limit), MADV_DONTNEED);
    }
    const std::scoped_lock guard(lock_);
    for (std::size_t i = 0; i < count; ++i) {
        SizeClass& stacks = classes_[slots[i]->size_class];
        slots[i]->next = stacks.free;
        stacks.free = slots[i];
    }
}

}  // namespace weft::impl
