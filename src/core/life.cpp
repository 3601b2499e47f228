// The life of a fiber: made, started, run, finished, joined, disposed of.
#include "core/life.hpp"

#include "base/error.hpp"
#include "core/awaitable.hpp"
#include "core/fiber_ref.hpp"
#include "core/fork.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/locals.hpp"
#include "core/observer.hpp"
#include "core/park.hpp"
#include "core/report.hpp"

#include <weft/core/fiber.hpp>

#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace weft::impl {

namespace {

std::byte* align_down(std::byte* address, std::size_t alignment) noexcept {
    return address - (reinterpret_cast<std::uintptr_t>(address) & (alignment - 1));
}

void wake_local_joiners(FiberBlock& fiber, Hub& hub) noexcept {
    while (WaitRecord* record = fiber.local_joiners.pop()) {
        hub.make_ready(*record->fiber);
    }
}

void wake_joiners(FiberBlock& fiber) noexcept {
    fiber.lock.lock();
    while (WaitRecord* record = fiber.joiners.pop()) {
        wake(*record);
    }
    fiber.lock.unlock();
}

/// The function of a fiber that was killed before it has started is not called.
[[noreturn]] void end_unstarted(FiberBlock& fiber) {
    fiber.closure->drop(*fiber.closure);
    if (fiber.pending != nullptr) {
        std::rethrow_exception(std::exchange(fiber.pending, nullptr));
    }
    throw FiberExit{};
}

void run_function(FiberBlock& fiber) noexcept {
    try {
        if ((fiber.attention & attention_kill) != 0) [[unlikely]] {
            end_unstarted(fiber);
        }
        fiber.closure->invoke(*fiber.closure);
    } catch (const FiberExit&) {
        fiber.error = std::current_exception();
        fiber.collected.store(
            true, std::memory_order_relaxed);  // an end that somebody has asked for is not an error to report
    } catch (const Cancelled&) {
        fiber.error = std::current_exception();
        fiber.collected.store(true, std::memory_order_relaxed);
    } catch (...) {
        fiber.error = std::current_exception();
    }
}

Execution* finish(FiberBlock& fiber, Hub& hub) noexcept {
    if (fiber.locals != nullptr) {
        // What ends with the fiber may wait, but is not interrupted any more.
        ScopeLink shield{.shield = true};
        open_scope(shield);
        end_locals(fiber);
        close_scope(shield);
    }
    if (fibers_observed.load(std::memory_order_relaxed)) [[unlikely]] {
        observer->fiber_ends(fiber);
    }
    fiber.pending = nullptr;
    if (--hub.live_fibers == 0 && hub.on_empty != nullptr) {
        wake(*std::exchange(hub.on_empty, nullptr));
    }
    wake_local_joiners(fiber, hub);
    // An addition, since the bit is set but once: with its result in use, an `or` would be a loop.
    const std::uint32_t before = fiber.state.fetch_add(state_finished, std::memory_order_acq_rel);
    if ((before & state_joined) != 0) {
        wake_joiners(fiber);
    }
    if ((before & state_boxed) != 0) {
        unbind_box(fiber);
    }
    if ((before & state_released) != 0) {
        dispose(fiber);
    }
    return hub.next_after_finished();
}

/// The fiber that has called fork() ends in the child.
[[noreturn]] void end_child(FiberBlock& fiber) {
    const bool failed = fiber.error != nullptr && !fiber.collected.load(std::memory_order_relaxed);
    if (failed) {
        report_uncollected(fiber);
    }
    exit_child(failed);
}

Execution* fiber_entry(void* block) {
    auto& fiber = *static_cast<FiberBlock*>(block);
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    fiber.started = true;
    run_function(fiber);
    if (&fiber == &hub.leader()) [[unlikely]] {
        end_child(fiber);
    }
    return finish(fiber, hub);
}

void give_back_stack(FiberBlock& fiber) noexcept {
    StackSlot* slot = fiber.slot;
    fiber.~FiberBlock();
    StackPool::process().release(slot);
}

void run_bury(InboxItem& item, Hub& hub) noexcept {
    auto* address = reinterpret_cast<std::byte*>(&item) - offsetof(FiberBlock, mail);
    hub.bury(*reinterpret_cast<FiberBlock*>(address));
}

void run_start(InboxItem& item, Hub& hub) noexcept {
    auto* address = reinterpret_cast<std::byte*>(&item) - offsetof(FiberBlock, mail);
    auto& fiber = *reinterpret_cast<FiberBlock*>(address);
    hub.add_fiber(fiber);
    ++hub.live_fibers;
    if ((fiber.state.load(std::memory_order_relaxed) & state_held) == 0) {
        hub.make_ready(fiber);
    }
}

void set_name(FiberBlock& fiber, std::string_view name) {
    try {
        fiber.name = name;
    } catch (...) {
        give_back_stack(fiber);
        throw;
    }
}

/// A stack of `size` bytes (0: as the hub has it), and `extra` for large captures, which do not eat it up.
StackSlot* acquire_stack(Hub* hub, std::size_t size, std::size_t extra) {
    if (hub == nullptr) {
        return StackPool::process().acquire((size != 0 ? size : default_stack_size) + extra);
    }
    if (size == 0 && extra == 0) [[likely]] {
        return hub->stacks().acquire_class(hub->stack_class);
    }
    return hub->stacks().acquire((size != 0 ? size : stack_class_size(hub->stack_class)) + extra);
}

}  // namespace

NewFiber make_fiber(const SpawnOptions& options, std::size_t bytes, std::size_t alignment) {
    const bool elsewhere = options.hub != HubRef{} && !HubAccess::is_here(options.hub);
    Hub* hub = elsewhere ? nullptr : &Hub::ensure();
    StackSlot* slot = acquire_stack(hub, options.stack_size, bytes >= 1024 ? bytes + alignment : 0);
    auto* top = reinterpret_cast<std::byte*>(slot);
    auto* block = ::new (align_down(top - sizeof(FiberBlock), alignof(FiberBlock))) FiberBlock;
    block->slot = slot;
    block->spawned_at = __builtin_return_address(0);
    if (!options.name.empty()) {
        set_name(*block, options.name);
    }
    block->hub.store(hub, std::memory_order_relaxed);
    block->id = elsewhere ? 0 : hub->new_fiber_id();
    if (const Hub* here = elsewhere ? Hub::current() : hub) {
        block->parent = here->running().id;
        block->since = here->pass_time();
    }
    return {block, align_down(reinterpret_cast<std::byte*>(block) - bytes, alignment)};
}

void unmake_fiber(FiberBlock* block) noexcept { give_back_stack(*block); }

void start_fiber(FiberBlock* block, ClosureBase* closure, const SpawnOptions& options, bool detached) {
    block->closure = closure;
    const bool held = options.lazy && !detached;
    block->state.store(detached ? state_released : (held ? state_held : 0), std::memory_order_relaxed);
    if (block->slot->guard != Guard::pages) {
        block->attention |= attention_canary;
    }
    auto* stack_top = align_down(reinterpret_cast<std::byte*>(closure), 64);
    prepare_context(block->execution, *block->slot, stack_top, &fiber_entry, block);
    if (fibers_observed.load(std::memory_order_relaxed)) [[unlikely]] {
        observer->fiber_begins(*block);
    }
    if (Hub* hub = block->hub.load(std::memory_order_relaxed)) {
        hub->add_fiber(*block);
        ++hub->live_fibers;
        if (!held) [[likely]] {
            hub->make_ready(*block);
        }
        return;
    }
    const std::lock_guard lock(registry_lock());
    Hub* hub = HubAccess::find(options.hub);
    if (hub == nullptr) {
        closure->destroy(*closure);
        give_back_stack(*block);
        throw std::invalid_argument("weft: spawn: the hub that the fiber was to run on has ended");
    }
    block->hub.store(hub, std::memory_order_relaxed);
    block->id = hub->new_foreign_id();
    block->mail.run = &run_start;
    hub->post(block->mail);
}

void dispose(FiberBlock& fiber) noexcept {
    const std::uint32_t state = fiber.state.load(std::memory_order_relaxed);
    if ((state & state_left_behind) != 0) {
        return;  // it lies as it was in the middle of its life
    }
    if ((state & state_boxed) != 0) {
        unbind_box(fiber);  // who is told of an error has seen it
    }
    if (fiber.error != nullptr && !fiber.collected.load(std::memory_order_relaxed)) {
        report_uncollected(fiber);
    }
    fiber.closure->destroy(*fiber.closure);
    // Asked anew: until its member was destroyed, a group of another hub may have begun to cancel it.
    if ((fiber.state.load(std::memory_order_relaxed) & state_boxed) != 0) {
        drop_box(fiber);
    }
    fiber.error = nullptr;
    Hub* here = Hub::current();
    if (here != nullptr && fiber.hub.load(std::memory_order_relaxed) == here) {
        here->bury(fiber);
        return;
    }
    const std::lock_guard lock(registry_lock());
    if (Hub* hub = fiber.hub.load(std::memory_order_relaxed)) {
        fiber.mail.run = &run_bury;
        hub->post(fiber.mail);
    } else {
        give_back_stack(fiber);
    }
}

FiberEnd::FiberEnd(FiberBlock& whose) noexcept
    : fiber_(whose),
      local_(Hub::current() != nullptr && Hub::current() == whose.hub.load(std::memory_order_relaxed)) {}

bool FiberEnd::ready() const noexcept { return fiber_.finished() || (!local_ && end_if_left_behind(fiber_)); }

bool FiberEnd::enlist_from_elsewhere(WaitNode& node) noexcept {
    static_cast<void>(end_if_left_behind(fiber_));
    fiber_.lock.lock();
    // finish() looks at `joined` when it sets `finished`: one of the two sees the other.
    const std::uint32_t before = fiber_.state.fetch_or(state_joined, std::memory_order_acq_rel);
    const bool running = (before & state_finished) == 0;
    if (running) {
        fiber_.joiners.push(node);
    } else {
        static_cast<void>(node.record->take(node.tag));
    }
    fiber_.lock.unlock();
    return running;
}

bool FiberEnd::delist(WaitNode& node) noexcept {
    if (!local_) {
        fiber_.lock.lock();
    }
    const bool linked = node.linked;
    if (linked) {
        (local_ ? fiber_.local_joiners : fiber_.joiners).remove(node);
    }
    if (!local_) {
        fiber_.lock.unlock();
    }
    return linked;
}

void join_fiber(FiberBlock& fiber, Deadline& deadline) {
    if (fiber.finished()) {
        return;
    }
    if (Hub::current() != nullptr && &Hub::current()->running() == &fiber) {
        fatal("fiber %llu \"%s\" joins itself", static_cast<unsigned long long>(fiber.id),
              fiber.name.c_str());
    }
    start_anywhere(fiber);
    FiberEnd end(fiber);
    QueueRecord<FiberEnd> record(WaitReason::join, &fiber, end);
    if (end.enlist(record.node)) {
        park_or_throw(record, deadline, "join");
    }
}

void join_fiber_shielded(FiberBlock& fiber) noexcept {
    FiberEnd end(fiber);
    QueueRecord<FiberEnd> record(WaitReason::join, &fiber, end);
    if (!end.ready() && end.enlist(record.node)) {
        Deadline deadline = never;
        // Only an error of the hub itself (a deadlock, a dead poller) ends this wait early.
        if (park_shielded(record, deadline) == Wake::interrupted) {
            fatal("a handle of fiber %llu \"%s\" is destroyed while the fiber can never end",
                  static_cast<unsigned long long>(fiber.id), fiber.name.c_str());
        }
    }
}

void start_here(FiberBlock& fiber, Hub& hub) noexcept {
    if ((fiber.state.load(std::memory_order_relaxed) & state_held) != 0) {
        fiber.state.fetch_and(~state_held, std::memory_order_relaxed);
        hub.make_ready(fiber);
    }
}

void cancel_here(FiberBlock& fiber, Hub& hub) noexcept {
    if ((fiber.state.load(std::memory_order_relaxed) & state_held) != 0) {
        kill_here(fiber, hub, std::make_exception_ptr(Cancelled{}));
        return;
    }
    fiber.attention |= attention_cancel;
    if (fiber.wait != nullptr && !interrupts_are_shielded(fiber)) {
        hub.expire(*fiber.wait, Wake::interrupted);
    }
    tell_owners(fiber, nullptr);
}

void kill_here(FiberBlock& fiber, Hub& hub, std::exception_ptr error) noexcept {
    fiber.attention |= attention_kill;
    fiber.pending = std::move(error);
    start_here(fiber, hub);  // to its end
    if (fiber.wait != nullptr && !interrupts_are_shielded(fiber)) {
        hub.expire(*fiber.wait, Wake::interrupted);
    }
}

}  // namespace weft::impl
