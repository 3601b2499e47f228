// The smallest possible scheduler over context: one stack per flow of control, switched to by hand.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "context/stack.hpp"
#include "context/switch.hpp"

namespace weft::impl {

/// The calling thread, and what a hub would hold for it.
struct Thread {
    Thread() { init_thread_execution(main); }

    Execution main;
    ThreadContext context = init_thread_context();
    StackCache stacks;
};

/// A function on a stack of its own. resume() runs it until it calls pause() or ends.
class Routine {
public:
    Routine(Thread& thread, std::function<void(Routine&)> body, std::size_t stack_size = default_stack_size)
        : thread_(thread), body_(std::move(body)), slot_(thread.stacks.acquire(stack_size)) {
        prepare_context(self_, *slot_, slot_->top, &Routine::enter, this);
    }
    Routine(const Routine&) = delete;
    ~Routine() { thread_.stacks.release(slot_); }

    void resume() { switch_context(thread_.main, self_, thread_.context); }
    void pause() { switch_context(self_, thread_.main, thread_.context); }
    /// Straight to another routine.
    void pass_to(Routine& other) { switch_context(self_, other.self_, thread_.context); }

    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] const StackSlot& slot() const { return *slot_; }

private:
    static Execution* enter(void* argument) {
        auto& self = *static_cast<Routine*>(argument);
        self.body_(self);
        self.done_ = true;
        return &self.thread_.main;
    }

    Thread& thread_;
    std::function<void(Routine&)> body_;
    StackSlot* slot_;
    Execution self_;
    bool done_ = false;
};

}  // namespace weft::impl
