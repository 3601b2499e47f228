// How much memory stacks take: mincore() over their mappings.
#include "diag/stack_memory.hpp"

#include "base/sys.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weft::impl {

namespace {

/// Calls visit(index) for each page in memory of `pages` from `begin` on, upwards; stops when that returns false.
template <class Visit>
void each_resident_page(const std::byte* begin, std::size_t pages, Visit&& visit) noexcept {
    std::array<unsigned char, 4096> in_memory;
    for (std::size_t first = 0; first < pages; first += in_memory.size()) {
        const std::size_t count = std::min(in_memory.size(), pages - first);
        auto* address = const_cast<std::byte*>(begin + first * page_size);
        if (sys.mincore(address, count * page_size, in_memory.data()) != 0) {
            return;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if ((in_memory[i] & 1U) != 0 && !visit(first + i)) {
                return;
            }
        }
    }
}

}  // namespace

std::size_t resident_bytes(const Slab& slab) noexcept {
    std::size_t bytes = 0;
    const std::size_t pages = slab.cut.load(std::memory_order_relaxed) * (slab.stride / page_size);
    each_resident_page(slab.slots, pages, [&](std::size_t page) {
        // Some kernels count guard pages as being there.
        const bool guard = page * page_size % slab.stride < guard_size;
        bytes += guard ? 0 : page_size;
        return true;
    });
    return bytes;
}

std::size_t touched_bytes(const std::byte* limit, std::size_t size) noexcept {
    std::size_t touched = 0;
    each_resident_page(limit, (size + page_size - 1) / page_size, [&](std::size_t page) {
        touched = size - page * page_size;
        return false;
    });
    return touched;
}

}  // namespace weft::impl
