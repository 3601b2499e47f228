// What fibers that have ended have used of their stacks.
#include "diag/ended_stacks.hpp"

#include "core/fiber_block.hpp"
#include "core/fork.hpp"
#include "diag/stack_fill.hpp"

#include <mutex>

namespace weft::impl {

namespace {

// Never destroyed: hubs end after main, too.
struct Ended final : AroundFork {
    void before_fork() noexcept override { lock.lock(); }
    void after_fork_in_parent() noexcept override { lock.unlock(); }
    void after_fork_in_child() noexcept override { lock.unlock(); }

    SpinLock lock;
    std::map<const void*, StackDepth> by_site;
    ForkPart part{*this};
};

Ended& ended() {
    static Ended& the = *new Ended;
    the.part.list();
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
