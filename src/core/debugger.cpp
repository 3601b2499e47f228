// The table of offsets: a debugger must not need the debug information of the very build that has left a core file.
#include "core/debugger.hpp"

#include "context/raw_jump.hpp"
#include "core/hub.hpp"

#include <cstddef>

// Classes with private members: the standard leaves offsetof to the compiler then, and both compilers have it.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace weft::impl {

namespace {

/// What jump_fcontext of x86-64 leaves on the stack of a parked fiber.
struct Saved {
    std::uint32_t mxcsr;
    std::uint32_t x87_control;
    std::uint64_t r12;
    std::uint64_t r13;
    std::uint64_t r14;
    std::uint64_t r15;
    std::uint64_t rbx;
    std::uint64_t rbp;
    std::uint64_t rip;
};

/// The red zone that raw_jump() steps over: the code that is gone on with takes no notice of it.
constexpr std::uint64_t bytes_skipped = WEFT_BALANCED_JUMP ? 128 : 0;

}  // namespace

struct DebuggerAccess {
    static constexpr std::uint64_t running = offsetof(Hub, running_);
    static constexpr std::uint64_t fibers = offsetof(Hub, all_);
    /// The oldest comes first in a RunQueue.
    static constexpr std::uint64_t ready = offsetof(Hub, ready_);
    static constexpr std::uint64_t loop = offsetof(Hub, loop_fiber_);
    static constexpr std::uint64_t pass_time = offsetof(Hub, pass_time_);
};

const char* const* const weft_reason_names = wait_reason_names;
constinit std::vector<Hub*>* weft_hubs = nullptr;

// A changed meaning of a name is a new version; names may be added.
const WeftDebuggerEntry weft_debugger_table[] = {
    {"version", 1},
    {"hub.thread_id", offsetof(Hub, thread_id)},
    {"hub.serial", offsetof(Hub, serial)},
    {"hub.running", DebuggerAccess::running},
    {"hub.fibers", DebuggerAccess::fibers},
    {"hub.ready", DebuggerAccess::ready},
    {"hub.loop", DebuggerAccess::loop},
    {"hub.pass_time", DebuggerAccess::pass_time},
    {"fiber.next", offsetof(FiberBlock, all_next)},
    {"fiber.next_ready", offsetof(FiberBlock, next)},
    {"fiber.id", offsetof(FiberBlock, id)},
    {"fiber.parent", offsetof(FiberBlock, parent)},
    {"fiber.since", offsetof(FiberBlock, since)},
    {"fiber.name", offsetof(FiberBlock, name)},
    {"fiber.wait", offsetof(FiberBlock, wait)},
    {"fiber.started", offsetof(FiberBlock, started)},
    {"fiber.state", offsetof(FiberBlock, state)},
    {"fiber.sp", offsetof(FiberBlock, execution) + offsetof(Execution, sp)},
    {"fiber.slot", offsetof(FiberBlock, slot)},
    {"state.finished", state_finished},
    {"state.held", state_held},
    {"slot.limit", offsetof(StackSlot, limit)},
    {"slot.top", offsetof(StackSlot, top)},
    {"wait.reason", offsetof(WaitRecord, reason)},
    {"wait.object", offsetof(WaitRecord, object)},
    {"wait.fd", offsetof(WaitRecord, fd)},
    {"wait.due", offsetof(WaitRecord, timer) + offsetof(TimerNode, when)},
    {"wait.place", offsetof(WaitRecord, timer) + offsetof(TimerNode, place)},
    {"place.nowhere", TimerNode::nowhere},
    {"reason.join", static_cast<std::uint64_t>(WaitReason::join)},
    {"reason.count", wait_reason_count},
    {"saved.r12", offsetof(Saved, r12)},
    {"saved.r13", offsetof(Saved, r13)},
    {"saved.r14", offsetof(Saved, r14)},
    {"saved.r15", offsetof(Saved, r15)},
    {"saved.rbx", offsetof(Saved, rbx)},
    {"saved.rbp", offsetof(Saved, rbp)},
    {"saved.rip", offsetof(Saved, rip)},
    {"saved.size", sizeof(Saved) + bytes_skipped},
    {"", 0},
};

}  // namespace weft::impl
