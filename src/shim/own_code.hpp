// Calls of libc that weft itself makes, which are not to be made cooperative: the library's own locks keep threads apart, in the
// middle of what parking is made of. Nor are those of a memory allocator: weft allocates in such places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::impl {

struct CodeRange {
    std::uintptr_t begin = 0;
    std::size_t size = 0;

    [[nodiscard]] bool contains(const void* address) const noexcept {
        return reinterpret_cast<std::uintptr_t>(address) - begin < size;
    }
};

/// That of libweft.so, and that of an allocator that is a library of its own.
extern constinit std::array<CodeRange, 2> own_code;

/// A sanitizer's: the calls of locks that come from there are everybody's, but its values per thread are its own.
extern constinit CodeRange sanitizer_code;

/// Before the groups are enabled.
void find_own_code() noexcept;

/// Whether the address, where a call returns to, lies in what find_own_code() has found.
inline bool is_own_code(const void* address) noexcept {
    return own_code[0].contains(address) || own_code[1].contains(address);
}

}  // namespace weft::impl
