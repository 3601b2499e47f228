// The exchange of batches between a hub's warm stacks and the pool.
#include <algorithm>
#include <new>

#include "context/stack.hpp"

namespace weft::impl {
namespace {

constexpr std::uint32_t shelf_capacity = 1024;
constexpr std::uint32_t refill_count = 32;
constexpr std::uint32_t drain_count = 256;

}  // namespace

StackCache::~StackCache() {
    for (Shelf& shelf : shelves_) {
        pool_.release_batch(shelf.slots.get(), shelf.count);
    }
}

StackSlot* StackCache::refill(std::size_t size_class) {
    StackSlot* slot = nullptr;
    if (size_class >= stack_class_count || !provide(shelves_[size_class])) {
        pool_.acquire_batch(size_class, &slot, 1);
        return slot;
    }
    Shelf& shelf = shelves_[size_class];
    shelf.count =
        static_cast<std::uint32_t>(pool_.acquire_batch(size_class, shelf.slots.get(), refill_count));
    return shelf.slots[--shelf.count];
}

bool StackCache::make_room(Shelf& shelf) noexcept {
    if (!provide(shelf)) {
        return false;
    }
    if (shelf.count == shelf.capacity) {
        // The lowest ones were used least recently.
        pool_.release_batch(shelf.slots.get(), drain_count);
        std::copy(&shelf.slots[drain_count], &shelf.slots[shelf.count], shelf.slots.get());
        shelf.count -= drain_count;
    }
    return true;
}

bool StackCache::provide(Shelf& shelf) noexcept {
    if (shelf.capacity == 0) {
        shelf.slots.reset(new (std::nothrow) StackSlot*[shelf_capacity]);
        shelf.capacity = shelf.slots ? shelf_capacity : 0;
    }
    return shelf.capacity != 0;
}

}  // namespace weft::impl
