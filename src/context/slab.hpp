// One large mapping that stacks are cut from. Never unmapped: stale pointers into it must stay readable.
#pragma once

#include <atomic>
#include <cstddef>

#include "context/guard.hpp"
#include "context/stack.hpp"

namespace weft::impl {

/// Lies in the first page of its own mapping; the slots follow. Each slot is guard, then stack, with the
/// header at the coloured end of its top page.
struct Slab {
    std::byte* slots;  ///< start of the first slot's guard
    std::size_t stride;
    std::size_t capacity;
    std::size_t size_class;
    std::atomic<std::size_t> cut;  ///< slots that exist
    Slab* next;                    ///< in the process's list

    /// Where slot `index` has, or will have, its header.
    [[nodiscard]] StackSlot* header(std::size_t index) const noexcept;
    /// Makes slot `index` usable, with its guard.
    StackSlot* make_slot(std::size_t index, GuardLadder& ladder) noexcept;
};

/// The newest of all slabs, from where Slab::next leads to the others; null if there is none. Any thread.
[[nodiscard]] const Slab* newest_slab() noexcept;

/// A slab for `count` stacks of one class, entered into the process's list. Null where the kernel has no room
/// (errno).
[[nodiscard]] Slab* map_slab(std::size_t size_class, std::size_t count) noexcept;

}  // namespace weft::impl
