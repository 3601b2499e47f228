// What a raw fiber consists of, and who refers to it.
#pragma once

#include "base/spinlock.hpp"
#include "context/stack.hpp"
#include "context/switch.hpp"

#include <weft/core/raw_fiber.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <vector>

namespace weft::impl {

struct RawRoot;

enum class RawState : std::uint8_t { fresh, active, dead };

/// Two counts, as in std::shared_ptr: when the first is used up, the raw fiber ends; with the second, the memory.
struct RawBlock {
    explicit RawBlock(RawRoot* its_root) noexcept : root(its_root) {}
    RawBlock(const RawBlock&) = delete;
    RawBlock& operator=(const RawBlock&) = delete;
    virtual ~RawBlock();

    bool fresh() const noexcept { return state.load(std::memory_order_relaxed) == RawState::fresh; }
    bool active() const noexcept { return state.load(std::memory_order_relaxed) == RawState::active; }
    bool dead() const noexcept { return state.load(std::memory_order_relaxed) == RawState::dead; }

    std::atomic<std::uint32_t> users{1};  ///< references, being the current one
    std::atomic<std::uint32_t> holders{
        1};  ///< all users together, children, the list of the active ones, being an orphan
    std::atomic<RawState> state{RawState::fresh};
    RawRoot* root;               ///< held, except by the root itself
    RawBlock* parent = nullptr;  ///< held; null for a root
    Execution execution;
    StackSlot* slot = nullptr;
    RawFiber::Body body;
    RawBlock* previous_started = nullptr;
    RawBlock* next_started = nullptr;
};

/// What a switch brings along.
struct Cargo {
    void* value = nullptr;
    std::exception_ptr error;
};

/// A weft fiber (or plain thread) as the root of its raw fibers.
struct RawRoot final : RawBlock {
    RawRoot() noexcept : RawBlock(nullptr) {
        root = this;
        state.store(RawState::active, std::memory_order_relaxed);
    }

    ThreadContext thread = init_thread_context();
    RawBlock* current = this;  ///< used
    RawBlock* left = nullptr;  ///< used: who has switched last, until the one that goes on looks
    Cargo cargo;
    RawBlock* started = nullptr;  ///< held: all active ones but the root

    SpinLock lock;
    bool ended = false;              ///< guarded by `lock`
    std::vector<RawBlock*> orphans;  ///< held, guarded by `lock`: their last user was elsewhere
    std::atomic<bool> has_orphans{false};
};

/// The root of the caller; makes it at the first call.
RawRoot& raw_root();
/// Null if there is none yet.
RawRoot* find_raw_root() noexcept;

void use(RawBlock& block) noexcept;
void unuse(RawBlock* block) noexcept;
void hold(RawBlock& block) noexcept;
void unhold(RawBlock& block) noexcept;

/// Switches to the nearest of `to` and its ancestors that can go on, with `cargo`; returns what comes back.
void* raw_switch(RawRoot& root, RawBlock* to, Cargo cargo);
/// Gives the block, which has not started, a stack.
void prepare_raw(RawBlock& block, std::size_t stack_size);
void give_back_raw_stack(RawBlock& block) noexcept;
/// Throws FiberExit into a suspended raw fiber of the caller's and returns when it has ended.
void unwind_raw(RawBlock& block) noexcept;

SwitchTracer& tracer_of_thread() noexcept;
/// The exception that is being handled goes no further: prints it, "fiber 7 "name" `event`: ...".
void report_raw_error(const char* event) noexcept;

/// Calls the thread's tracer, if it has one.
void trace_raw_switch(RawRoot& root, RawBlock& from, bool error) noexcept;

struct RawAccess {
    static RawFiber share(RawBlock* block) noexcept {
        if (block != nullptr) {
            use(*block);
        }
        return RawFiber(block);
    }
};

}  // namespace weft::impl
