// Switching between raw fibers: who goes on, and with what.
#include "base/error.hpp"
#include "core/hub.hpp"
#include "core/raw_block.hpp"

#include <utility>

namespace weft::impl {

namespace {

bool is_exit(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const FiberExit&) {
        return true;
    } catch (...) {
        return false;
    }
}

/// FiberExit that has found nobody to end is a value.
void quieten(Cargo& cargo) noexcept {
    if (cargo.error != nullptr && is_exit(cargo.error)) {
        cargo = {};
    }
}

/// The nearest of `to` and its ancestors that can go on with the cargo. The root can always.
RawBlock& who_goes_on(RawBlock* to, Cargo& cargo) noexcept {
    for (;; to = to->parent) {
        if (to->fresh() && cargo.error != nullptr) {
            to->state.store(RawState::dead, std::memory_order_relaxed);
            to->body = nullptr;
        }
        if (!to->dead()) {
            return *to;
        }
        quieten(cargo);
    }
}

void begin(RawBlock& block) noexcept {
    if (block.fresh()) {
        block.state.store(RawState::active, std::memory_order_relaxed);
        hold(block);
        block.next_started = block.root->started;
        if (block.next_started != nullptr) {
            block.next_started->previous_started = &block;
        }
        block.root->started = &block;
    }
}

void end(RawBlock& block) noexcept {
    block.state.store(RawState::dead, std::memory_order_relaxed);
    (block.previous_started != nullptr ? block.previous_started->next_started : block.root->started) =
        block.next_started;
    if (block.next_started != nullptr) {
        block.next_started->previous_started = block.previous_started;
    }
    unhold(block);
}

/// All but the jump. The one that is left has to look after itself: it is used by root.left from here on.
void change_current(RawRoot& root, RawBlock& to, Cargo&& cargo) noexcept {
    RawBlock& from = *root.current;
    if (from.slot != nullptr && !canary_ok(*from.slot)) {
        fatal("a raw fiber has overflown its stack, which has no guard page; give it a larger one");
    }
    if (Hub* hub = Hub::current()) {
        // Where the body waits, the weft fiber around it is left and found again on this stack.
        if (&from == &root) {
            copy_stack_notes(root.execution, hub->running().execution);
        }
        copy_stack_notes(hub->running().execution, to.execution);
    } else if (&from == &root) {
        init_thread_execution(root.execution);
    }
    begin(to);
    use(to);
    root.left = std::exchange(root.current, &to);
    root.cargo = std::move(cargo);
}

/// The first thing on the side that goes on.
void* arrive(RawRoot& root) {
    const Cargo cargo = std::move(root.cargo);
    RawBlock* left = std::exchange(root.left, nullptr);
    if (left->dead()) {
        give_back_raw_stack(*left);
    }
    trace_raw_switch(root, *left, cargo.error != nullptr);
    unuse(left);
    if (cargo.error != nullptr) {
        std::rethrow_exception(cargo.error);
    }
    return cargo.value;
}

Cargo run_body(RawBlock& self) noexcept {
    Cargo result;
    try {
        void* value = arrive(*self.root);
        result.value = self.body(value);
    } catch (const FiberExit&) {
        result.value = nullptr;
    } catch (...) {
        result.error = std::current_exception();
    }
    self.body = nullptr;
    return result;
}

Execution* raw_entry(void* block) {
    auto& self = *static_cast<RawBlock*>(block);
    RawRoot& root = *self.root;
    Cargo result = run_body(self);
    end(self);  // which the root still uses
    RawBlock& to = who_goes_on(self.parent, result);
    change_current(root, to, std::move(result));
    return &to.execution;
}

}  // namespace

void prepare_raw(RawBlock& block, std::size_t stack_size) {
    Hub& hub = Hub::ensure();
    block.slot = hub.stacks().acquire(stack_size != 0 ? stack_size : stack_class_size(hub.stack_class));
    auto* top =
        reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(block.slot) & ~std::uintptr_t{63});
    prepare_context(block.execution, *block.slot, top, &raw_entry, &block);
}

void give_back_raw_stack(RawBlock& block) noexcept {
    StackSlot* slot = std::exchange(block.slot, nullptr);
    if (Hub* hub = Hub::current()) {
        hub->stacks().release(slot);
    } else {
        StackPool::process().release(slot);
    }
}

void* raw_switch(RawRoot& root, RawBlock* to, Cargo cargo) {
    RawBlock& from = *root.current;
    RawBlock& next = who_goes_on(to, cargo);
    if (&next == &from) {
        if (cargo.error != nullptr) {
            std::rethrow_exception(cargo.error);
        }
        return cargo.value;
    }
    change_current(root, next, std::move(cargo));
    switch_context(from.execution, next.execution, root.thread);
    return arrive(root);
}

namespace {

constinit thread_local bool tracing = false;

/// Ends with its thread, where raw fibers may still be unwound afterwards: untraced.
struct TracerOfThread {
    TracerOfThread() = default;
    TracerOfThread(const TracerOfThread&) = delete;
    TracerOfThread& operator=(const TracerOfThread&) = delete;
    ~TracerOfThread() { tracing = true; }
    SwitchTracer call;
};

}  // namespace

SwitchTracer& tracer_of_thread() noexcept {
    thread_local TracerOfThread tracer;
    return tracer.call;
}

void trace_raw_switch(RawRoot& root, RawBlock& from, bool error) noexcept {
    if (tracing || tracer_of_thread() == nullptr) {
        return;
    }
    tracing = true;
    const SwitchTracer call = tracer_of_thread();  // it may set another
    try {
        call(error ? RawSwitch::exception : RawSwitch::value, RawAccess::share(&from),
             RawAccess::share(root.current));
    } catch (...) {
        tracer_of_thread() = nullptr;
        report_raw_error("has a switch tracer that threw, and is removed");
    }
    tracing = false;
}

}  // namespace weft::impl
