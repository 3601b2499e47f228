// Stacks filled with a pattern before they are used.
#include "diag/stack_fill.hpp"

#include "diag/stack_memory.hpp"

#include <algorithm>
#include <cstdint>

namespace weft::impl {

namespace {

constexpr std::uint64_t pattern = 0x5eafa11ed57ac4edU;

std::size_t words_between(const std::byte* from, const void* to) noexcept {
    return static_cast<std::size_t>(static_cast<const std::byte*>(to) - from) / sizeof pattern;
}

}  // namespace

__attribute__((no_sanitize("address"))) void fill_stack(const StackSlot& slot, void* sp) noexcept {
    std::fill_n(reinterpret_cast<std::uint64_t*>(slot.limit), words_between(slot.limit, sp), pattern);
}

// The frames of a fiber that lives, and others' rests, are not meant to be read.
__attribute__((no_sanitize("address"))) std::size_t filled_depth(const StackSlot& slot) noexcept {
    // A filled stack is in memory down to its end; to look at a page that is not would be to touch it.
    if (touched_bytes(slot.limit, page_size) == 0) {
        return 0;
    }
    const auto* words = reinterpret_cast<const std::uint64_t*>(slot.limit);
    const std::size_t count = words_between(slot.limit, slot.top);
    std::size_t untouched = 0;
    while (untouched < count && words[untouched] == pattern) {
        ++untouched;
    }
    return untouched == 0 ? 0 : slot.size() - untouched * sizeof pattern;
}

}  // namespace weft::impl
