// How a guard is put below a stack: the best way that this kernel offers and its limits still allow.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weft::impl {

inline constexpr std::size_t guard_size = std::size_t{64} << 10;  // more than a large local array can jump

/// What lies below the usable part of a stack.
enum class Guard : std::uint8_t {
    pages,   ///< an overflow is a SIGSEGV
    canary,  ///< only bytes that must stay zero: an overflow is found at the next park
};

/// Set for good once a stack without guard pages was made.
extern constinit std::atomic<bool> unguarded_stacks;

/// A ladder whose upper rungs break for good: guard markers (Linux 6.13), which cost no mapping; PROT_NONE,
/// which costs two mappings each and so ends at half of vm.max_map_count; a canary, with one warning. Any
/// thread.
class GuardLadder {
public:
    constexpr GuardLadder() noexcept = default;

    /// Guards guard_size bytes at `at`.
    Guard protect(void* at) noexcept;

private:
    bool protect_by_mapping(void* at) noexcept;

    std::atomic<bool> no_markers_{false};
    std::atomic<bool> no_mappings_{false};
    std::atomic<std::size_t> mappings_{0};
    std::atomic<std::size_t> budget_{0};  // 0: not read yet
};

/// vm.max_map_count, or its usual value where it cannot be read.
[[nodiscard]] std::size_t max_map_count() noexcept;

}  // namespace weft::impl
