// Taking down what a hub's fibers do.
#include "diag/sample.hpp"

#include "base/error.hpp"
#include "base/sys.hpp"
#include "context/machine.hpp"
#include "core/hub.hpp"
#include "core/observer.hpp"
#include "core/wait_circle.hpp"
#include "diag/frames.hpp"
#include "diag/stack_fill.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace weft::impl {

namespace {

/// Whose turn it is: they have their record of the wait still, but it is over.
class ReadyFibers {
public:
    /// Sorts them in memory of the arena's.
    ReadyFibers(const Hub& hub, SampleArena& arena) noexcept {
        std::size_t count = 0;
        for (const FiberBlock* fiber = hub.ready_fibers(); fiber != nullptr; fiber = fiber->next) {
            ++count;
        }
        void* room = arena.room(count * sizeof(void*));
        if (room == nullptr) {
            return;
        }
        auto* fibers = static_cast<const FiberBlock**>(room);
        count = 0;
        for (const FiberBlock* fiber = hub.ready_fibers(); fiber != nullptr; fiber = fiber->next) {
            fibers[count++] = fiber;
        }
        std::sort(fibers, fibers + count);
        fibers_ = {fibers, count};
    }

    bool contain(const FiberBlock& fiber) const noexcept {
        return std::binary_search(fibers_.begin(), fibers_.end(), &fiber);
    }

private:
    std::span<const FiberBlock* const> fibers_;
};

void describe_wait(FiberSample& sample, const WaitRecord& wait, Hub& hub) noexcept {
    Hub* const here = &hub;
    sample.reason = wait.reason;
    sample.object = wait.object;
    sample.fd = wait.fd;
    sample.due = wait.timer.armed() ? wait.timer.when : INT64_MAX;
    sample.holder = holder_of(wait, {&here, 1});
    // One on another hub may end while it is looked at.
    if (sample.holder != nullptr && sample.holder->hub.load(std::memory_order_relaxed) == &hub) {
        sample.holder_id = sample.holder->id;
    }
    sample.joins = wait.reason == WaitReason::join && sample.holder != nullptr;
}

FiberState state_of(const FiberBlock& fiber, const Hub& hub, const ReadyFibers& ready) noexcept {
    if (&fiber == &hub.running()) {
        return FiberState::running;
    }
    if (!fiber.started) {
        return FiberState::unstarted;
    }
    return fiber.wait == nullptr || ready.contain(fiber) ? FiberState::ready : FiberState::waiting;
}

std::size_t frames_of_fiber(const FiberBlock& fiber, FiberState state, const void* interrupted,
                            std::span<const void*> out) noexcept {
    switch (state) {
        case FiberState::running:
            return interrupted != nullptr ? frames_interrupted(interrupted, out) : frames_here(out);
        case FiberState::unstarted:
            return 0;
        case FiberState::ready:
        case FiberState::waiting:
            // In the middle of a switch the one that is being left is not yet where its record says.
            return interrupted != nullptr && interrupted_inside(interrupted)
                       ? 0
                       : frames_of(fiber.execution, out);
    }
    return 0;
}

void measure_stack(FiberSample& sample, const FiberBlock& fiber, const void* interrupted) noexcept {
    if (fiber.slot != nullptr) {
        const void* here =
            interrupted != nullptr ? stack_pointer_of(interrupted) : __builtin_frame_address(0);
        const auto* sp =
            static_cast<const std::byte*>(sample.state == FiberState::running ? here : fiber.execution.sp);
        sample.stack_limit = fiber.slot->limit;
        sample.stack_deepest =
            fibers_observed.load(std::memory_order_relaxed) ? filled_depth(*fiber.slot) : 0;
        sample.stack_size = fiber.slot->size();
        const bool inside = sp >= fiber.slot->limit && sp < fiber.slot->top;
        sample.stack_used = inside ? static_cast<std::size_t>(fiber.slot->top - sp) : 0;
    }
}

/// False: there is no memory left.
bool add(const FiberBlock& fiber, Hub& hub, const ReadyFibers& ready, HubSample& to, std::size_t frames,
         const void* interrupted) noexcept {
    void* room = to.arena.room(sizeof(FiberSample) + frames * sizeof(void*));
    if (room == nullptr) {
        return false;
    }
    auto& sample = *::new (room) FiberSample{};
    sample.block = &fiber;
    sample.id = fiber.id;
    sample.parent = fiber.parent;
    sample.spawned_at = fiber.spawned_at;
    sample.since = fiber.since;
    sample.due = INT64_MAX;
    sample.fd = -1;
    sample.state = state_of(fiber, hub, ready);
    const std::size_t length = std::min(fiber.name.size(), sizeof sample.name - 1);
    std::memcpy(sample.name, fiber.name.data(), length);
    if (sample.state == FiberState::waiting) {
        describe_wait(sample, *fiber.wait, hub);
    }
    measure_stack(sample, fiber, interrupted);
    auto** first = reinterpret_cast<const void**>(&sample + 1);
    sample.frame_count = frames_of_fiber(fiber, sample.state, interrupted, {first, frames});
    to.arena.keep(sizeof(FiberSample) + sample.frame_count * sizeof(void*));
    ++to.count;
    return true;
}

}  // namespace

SampleArena::SampleArena(std::size_t bytes) : memory_(nullptr), size_(bytes) {
    void* memory =
        sys.mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        throw_errno(errno, "memory for a dump of the fibers");
    }
    memory_ = static_cast<std::byte*>(memory);
}

SampleArena::~SampleArena() { sys.munmap(memory_, size_); }

void take_sample(Hub& hub, HubSample& sample, std::size_t frames, Whom whom,
                 const void* interrupted) noexcept {
    sample.serial = hub.serial;
    sample.thread_id = hub.thread_id;
    sample.time = hub.now();
    sample.in_loop = hub.in_loop();
    sample.interrupted = interrupted != nullptr;
    frames = std::min(frames, max_frames);
    const ReadyFibers ready(hub, sample.ready);
    for (const FiberBlock* fiber = hub.fibers(); fiber != nullptr; fiber = fiber->all_next) {
        const bool runs = fiber == &hub.running();
        const bool wanted = whom == Whom::all || runs == (whom == Whom::running);
        if (wanted && !fiber->finished() && !add(*fiber, hub, ready, sample, frames, interrupted)) {
            ++sample.left_out;
        }
    }
}

}  // namespace weft::impl
