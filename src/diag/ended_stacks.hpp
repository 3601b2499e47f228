// What fibers that have ended have used of their stacks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace weft::impl {

struct FiberBlock;

struct StackDepth {
    std::string name;
    std::uint64_t fibers = 0;
    std::size_t stack_size = 0;
    std::size_t deepest = 0;

    void add(const char* fiber_name, std::size_t size, std::size_t used) {
        name = fiber_name;
        stack_size = fibers++ == 0 ? size : std::min(stack_size, size);
        deepest = std::max(deepest, used);
    }
};

/// Where there is no memory, the fiber is forgotten.
void note_ended_stack(const FiberBlock& fiber) noexcept;

/// By the place where they were spawned.
std::map<const void*, StackDepth> ended_stacks();

}  // namespace weft::impl
