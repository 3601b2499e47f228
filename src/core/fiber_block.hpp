// The control block of a fiber. It lies in the top page of the fiber's own stack, below the slot header.
#pragma once

#include "base/spinlock.hpp"
#include "context/stack.hpp"
#include "context/switch.hpp"
#include "core/inbox.hpp"
#include "core/scope_chain.hpp"
#include "core/wait.hpp"

#include <weft/core/closure.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>

namespace weft::impl {

class Hub;
struct LocalStore;
struct RefBox;

/// Bits of FiberBlock::attention: why a park has to look closer before it waits. The hub's thread only.
inline constexpr std::uint8_t attention_scopes = 1;   ///< the chain of scopes is not empty
inline constexpr std::uint8_t attention_cancel = 2;   ///< cancel(): level, for the whole fiber
inline constexpr std::uint8_t attention_kill = 4;     ///< kill(): edge, taken by the next wait
inline constexpr std::uint8_t attention_error = 8;    ///< the hub has an error for this (main) fiber: edge
inline constexpr std::uint8_t attention_canary = 16;  ///< the stack has no guard: look at its canary
inline constexpr std::uint8_t attention_loop = 32;    ///< it is the hub's own context, which may not wait

/// Bits of FiberBlock::state. The one that is set second, of finished and released, gives the stack back.
inline constexpr std::uint32_t state_finished = 1;
inline constexpr std::uint32_t state_released = 2;  ///< no handle any more
inline constexpr std::uint32_t state_joined = 4;    ///< somebody is or was in `joiners`: not the local ones
inline constexpr std::uint32_t state_boxed = 8;     ///< there is a box to tell of the end
inline constexpr std::uint32_t state_left_behind =
    32;  ///< in the parent, by a fork: finished, and never disposed of
inline constexpr std::uint32_t state_held = 16;  ///< lazy: waits for start(); only its hub clears it

struct alignas(64) FiberBlock {
    // What a switch and a park touch comes first, in two lines.
    Execution execution;
    FiberBlock* next = nullptr;      ///< in the run queue
    std::atomic<Hub*> hub{nullptr};  ///< for life; null once the hub has ended
    WaitRecord* wait = nullptr;      ///< while parked
    ScopeLink* scopes = nullptr;     ///< innermost
    std::uint8_t attention = 0;
    bool started = false;
    std::atomic<bool> collected{false};  ///< somebody has seen how it ended; several may at once
    std::int16_t io_done = 0;            ///< input/output operations since it has let others run
    std::atomic<std::uint32_t> state{0};
    const void* next_use[2] = {};  ///< what it will look at first when it goes on; only for the cache
    std::uint64_t id = 0;
    std::int64_t since = 0;            ///< coarse steady ns: when it was made, or last began to wait
    std::uint64_t parent = 0;          ///< the id of the fiber that has made it; 0: a plain thread
    const void* spawned_at = nullptr;  ///< the return address of that call

    InboxItem mail;  ///< wakes and gives back from other threads
    ClosureBase* closure = nullptr;
    LocalStore* locals = nullptr;
    StackSlot* slot = nullptr;  ///< null: the thread's own stack

    WaitList local_joiners;  ///< fibers of the same hub
    SpinLock lock;
    WaitList joiners;  ///< all others; guarded by `lock`

    std::exception_ptr pending;  ///< what kill() or the hub throws at its next wait; null: FiberExit
    std::exception_ptr error;    ///< what it ended with
    RefBox* ref_box = nullptr;   ///< made by the first FiberRef; guarded by `lock`
    std::string name;

    FiberBlock* all_prev = nullptr;  ///< all fibers of the hub, for dumps and the hub's end
    FiberBlock* all_next = nullptr;

    bool finished() const noexcept { return (state.load(std::memory_order_acquire) & state_finished) != 0; }
};

}  // namespace weft::impl
