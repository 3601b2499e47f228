// What fibers that have ended have used of their stacks.
#include "diag/ended_stacks.hpp"

#include "core/fiber_block.hpp"
#include "diag/fork_mutex.hpp"
#include "diag/stack_fill.hpp"

#include <mutex>

namespace weft::impl {

namespace {

// Never destroyed: hubs end after main, too.
struct Ended {
    ForkMutex lock;
    std::map<const void*, StackDepth> by_site;
};

Ended& ended() {
    static Ended& the = *new Ended;
    return the;
}

}  // namespace

void note_ended_stack(const FiberBlock& fiber) noexcept {
    const std::size_t depth = filled_depth(*fiber.slot);
    if (depth == 0) {
        return;  // it was there before the others were filled
    }
    try {
        const std::lock_guard lock(ended().lock);
        ended().by_site[fiber.spawned_at].add(fiber.name.c_str(), fiber.slot->size(), depth);
    } catch (const std::bad_alloc&) {
    }
}

std::map<const void*, StackDepth> ended_stacks() {
    const std::lock_guard lock(ended().lock);
    return ended().by_site;
}

}  // namespace weft::impl
