// The scheduler of one OS thread: run queue, timers, poller, and the switch from fiber to fiber.
#pragma once

#include "context/overflow.hpp"
#include "context/stack.hpp"
#include "context/switch.hpp"
#include "core/fiber_block.hpp"
#include "core/hub_counters.hpp"
#include "core/inbox.hpp"
#include "core/poller.hpp"
#include "core/run_queue.hpp"
#include "time/timer_queue.hpp"

#include <weft/base/export.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::impl {

/// What a layer above keeps per hub (the descriptor table of `io`); ends with the hub.
struct HubPart {
    HubPart() = default;
    HubPart(const HubPart&) = delete;
    HubPart& operator=(const HubPart&) = delete;
    virtual ~HubPart() = default;
    /// In the child of a fork: nobody waits any more, and the poller watches nothing.
    virtual void after_fork() noexcept = 0;
};

/// Measures how long ready fibers wait for their turn: now and then the loop's own fiber queues up behind them.
struct RunProbe {
    std::int64_t since = 0;      ///< when it has queued up; 0: it does not queue
    std::uint64_t switches = 0;  ///< at that time
    std::int64_t next = 0;       ///< when it does so again, or after so many passes
    std::int32_t passes_left = 0;
};

class Hub;

/// Its address is the thread's name among the holders of locks.
inline constinit thread_local char this_thread_marker __attribute__((tls_model("initial-exec"))) = 0;

/// The thread's hub; everything per thread is behind it. Initial-exec, so that reading it is one load; exported for the shim.
extern WEFT_API constinit thread_local Hub* current_hub __attribute__((tls_model("initial-exec")));

class Hub {
public:
    /// The hub of this thread, or null.
    static Hub* current() noexcept { return current_hub; }
    /// The hub of this thread; makes one if there is none. Throws std::system_error if it cannot be made.
    static Hub& ensure() {
        Hub* hub = current();
        return hub != nullptr ? *hub : make_current();
    }
    /// Makes the hub of this thread, which has none, with a poller of one's own.
    static void adopt(std::unique_ptr<Poller> poller);
    /// Cancels and joins the fibers of this thread's hub and ends it. If some outlast the grace period they are named, the
    /// hub stays, and the result is false.
    static bool end_current(Duration grace);

    explicit Hub(std::unique_ptr<Poller> poller);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;
    ~Hub();

    // --- this hub's thread only ---

    FiberBlock& running() noexcept { return *running_; }
    const FiberBlock& running() const noexcept { return *running_; }
    FiberBlock& main_fiber() noexcept { return main_; }
    /// The main fiber or, in the child of a fork, the one that has called it: its end is the process's.
    FiberBlock& leader() noexcept { return *leader_; }
    bool in_loop() const noexcept { return running_ == &loop_fiber_; }

    /// Puts a fiber that is not queued, running or finished at the end of the run queue.
    void make_ready(FiberBlock& fiber) noexcept { ready_.push(fiber); }

    /// Does what other threads have posted; says whether there was anything.
    bool drain_inbox() noexcept;

    /// Leaves the running fiber, which somebody will make ready; returns when it runs again.
    void leave() noexcept;
    /// Lets others run first; not on the loop's own stack.
    void yield() noexcept;
    /// Lets others run, and the hub take a pass in between: for fairness. On the loop's own stack it has no effect.
    void yield_to_pass() noexcept;
    /// The running fiber has finished: who runs next, now.
    Execution* next_after_finished() noexcept;

    /// Brings the stack of the fiber that runs next into the cache, while this one is busy in the kernel: with a thousand
    /// connections it is not there any more.
    void prefetch_next() noexcept;

    /// Takes `record` out of its queues for the reason `how`; if that wins, its fiber becomes ready.
    void expire(WaitRecord& record, Wake how) noexcept;

    /// From now on who runs next is drawn by lot, with a sequence that `seed` fixes; null: first come, first served again.
    void shuffle(std::optional<std::uint64_t> seed) noexcept;

    std::int64_t now() noexcept { return poller_->now(); }
    /// When this pass of the hub began: what "a while ago" is measured by.
    std::int64_t pass_time() const noexcept { return pass_time_; }
    Poller& poller() noexcept { return *poller_; }
    TimerQueue& timers() noexcept { return timers_; }
    StackCache& stacks() noexcept { return stacks_; }
    ThreadContext& thread_context() noexcept { return thread_context_; }
    HubCounters& counters() noexcept { return counters_; }

    void add_fiber(FiberBlock& fiber) noexcept;
    void remove_fiber(FiberBlock& fiber) noexcept;
    FiberBlock* fibers() const noexcept { return all_; }
    /// Their blocks belong to whoever holds the handles from now on. Call with the registry locked.
    void disown_fibers() noexcept;
    const FiberBlock* ready_fibers() const noexcept { return ready_.first(); }  ///< linked by `next`
    std::uint64_t new_fiber_id() noexcept { return next_id_++; }
    /// For fibers that other threads start here; under the registry's lock.
    std::uint64_t new_foreign_id() noexcept { return next_foreign_id_++; }
    /// The stack of a fiber that nobody refers to any more; may be the one that is running.
    void bury(FiberBlock& fiber) noexcept;
    /// A fiber that counts (not the leader, not the loop) has started its life or ended it.
    std::size_t live_fibers = 0;
    std::size_t stack_class = stack_class_of(default_stack_size);  ///< of fibers that ask for no size

    /// Waits that only the world outside can end: descriptors, jobs of a pool, signals. They rule out a
    /// deadlock.
    std::size_t outside_waits = 0;

    /// Woken when the last fiber that counts has finished.
    WaitRecord* on_empty = nullptr;

    /// Woken when no other fiber is ready and no event would make one so.
    WaitList on_idle;

    /// Room for `io`.
    std::unique_ptr<HubPart> io_part;

    /// Throws `error` in the leader at its next (or present) wait.
    void raise_in_leader(std::exception_ptr error) noexcept;

    /// In the child of a fork: of this hub only the running fiber goes on, and leads it.
    void keep_running_fiber() noexcept;
    /// In the child of a fork: this hub's thread is not there any more.
    void leave_behind() noexcept;

    // --- any thread ---

    void post(InboxItem& item) noexcept;
    bool nothing_posted() const noexcept { return inbox_.empty(); }
    const HubCounters& counters() const noexcept { return counters_; }
    /// Changes whenever the hub goes from one fiber to the next.
    std::uint64_t progress() const noexcept;
    /// Whether the hub waits for events, or is about to.
    bool asleep() const noexcept { return asleep_.load(std::memory_order_relaxed); }

    // --- the registry's: guarded by its lock ---
    bool blocked_for_good = false;
    bool ending = false;       ///< takes no fibers from other threads any more
    bool left_behind = false;  ///< its thread lives in the parent of this process
    std::uint64_t serial = 0;
    int thread_id = 0;                    ///< the kernel's
    const void* thread_marker = nullptr;  ///< the name under which its main fiber holds locks

private:
    friend struct DebuggerAccess;
    struct Sleep;

    static Hub& make_current();
    static Execution* loop_entry(void* hub);
    [[noreturn]] void loop() noexcept;
    FiberBlock& next_to_run() noexcept;
    FiberBlock& next_after_pass() noexcept;
    void pass();
    void run_ready() noexcept;
    void wait_for_events();
    std::int64_t next_look_again() noexcept;
    void tell_idle();
    void expire_timers() noexcept;
    void give_back(FiberBlock& dead) noexcept;
    void clear_grave() noexcept;
    bool use_quantum() noexcept;
    void give_up_quantum() noexcept;
    void count_pass() noexcept;
    void start_probe() noexcept;
    void end_probe() noexcept;

    // The hot line: what each switch touches.
    FiberBlock* running_;
    RunQueue ready_;
    /// Switches until the next pass; the hub's thread writes it, the watchdog reads it.
    std::atomic<std::int32_t> quantum_left_{0};
    ThreadContext thread_context_;
    std::int64_t pass_time_ = 0;

    AltStack alt_stack_;
    TimerQueue timers_;
    StackCache stacks_;
    FiberBlock* leader_ = &main_;
    std::unique_ptr<Poller> poller_;
    std::int64_t last_poll_ = 0;
    std::int64_t look_again_ns_ = 0;  ///< how long it slept before it looked again for a deadlock
    std::uint64_t looked_after_ = 0;  ///< the switches until then
    FiberBlock* grave_ = nullptr;     ///< finished and released, its stack not yet given back
    FiberBlock* all_ = nullptr;
    std::uint64_t next_id_ = 0;
    std::uint64_t next_foreign_id_ = 0;
    std::optional<std::uint64_t> lots_;  ///< the state of the lots, where the order is shuffled
    std::int32_t quantum_given_ = 0;     ///< what quantum_left_ began with
    RunProbe probe_;
    HubCounters counters_;

    alignas(64) Inbox inbox_;
    std::atomic<bool> asleep_{false};        ///< the hub may be blocked in the poller
    std::atomic<std::uint32_t> posting_{0};  ///< threads inside post(): the hub may not end yet

    FiberBlock main_;
    FiberBlock loop_fiber_;
};

/// False: the hub takes a pass first.
inline bool Hub::use_quantum() noexcept {
    const std::int32_t left = quantum_left_.load(std::memory_order_relaxed) - 1;
    quantum_left_.store(left, std::memory_order_relaxed);
    return left > 0;
}

inline FiberBlock& Hub::next_to_run() noexcept {
    if (!ready_.empty() && use_quantum()) [[likely]] {
        return ready_.pop();
    }
    return loop_fiber_;
}

inline void Hub::leave() noexcept {
    FiberBlock& self = *running_;
    running_ = &next_to_run();
    switch_context(self.execution, running_->execution, thread_context_);
}

inline void Hub::yield() noexcept {
    if (!ready_.empty() || !use_quantum()) [[likely]] {
        ready_.push(*running_);
        leave();
    }
}

inline Execution* Hub::next_after_finished() noexcept {
    running_ = &next_to_run();
    return &running_->execution;
}

inline void Hub::add_fiber(FiberBlock& fiber) noexcept {
    fiber.all_next = all_;
    if (all_ != nullptr) {
        all_->all_prev = &fiber;
    }
    all_ = &fiber;
}

inline void Hub::remove_fiber(FiberBlock& fiber) noexcept {
    (fiber.all_prev != nullptr ? fiber.all_prev->all_next : all_) = fiber.all_next;
    if (fiber.all_next != nullptr) {
        fiber.all_next->all_prev = fiber.all_prev;
    }
}

inline void Hub::bury(FiberBlock& fiber) noexcept {
    remove_fiber(fiber);
    if (&fiber == running_) {
        clear_grave();
        grave_ = &fiber;
    } else {
        give_back(fiber);
    }
}

inline void Hub::give_back(FiberBlock& dead) noexcept {
    StackSlot* slot = dead.slot;
    dead.~FiberBlock();
    stacks_.release(slot);
}

inline void Hub::clear_grave() noexcept {
    if (grave_ != nullptr && grave_ != running_) {
        give_back(*std::exchange(grave_, nullptr));
    }
}

inline std::uint64_t Hub::progress() const noexcept {
    // The two are not read at once: what comes out then is a value that has never been before, too.
    return counters_.passes.get() * 1024 -
           static_cast<std::uint64_t>(quantum_left_.load(std::memory_order_relaxed));
}

/// While it lives, the hub knows that the world outside can still wake one of its fibers.
class OutsideWait {
public:
    /// Null: the thread has no hub.
    explicit OutsideWait(Hub* hub) noexcept : hub_(hub) {
        if (hub_ != nullptr) {
            ++hub_->outside_waits;
        }
    }
    OutsideWait(const OutsideWait&) = delete;
    OutsideWait& operator=(const OutsideWait&) = delete;
    ~OutsideWait() {
        if (hub_ != nullptr) {
            --hub_->outside_waits;
        }
    }

private:
    Hub* hub_;
};

inline WaitRecord::WaitRecord(WaitReason why, const void* what, Abort on_abort) noexcept
    : abort(on_abort),
      object(what),
      fiber(Hub::current() != nullptr ? &Hub::current()->running() : nullptr),
      reason(why) {}

}  // namespace weft::impl
