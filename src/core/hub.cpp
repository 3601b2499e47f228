// The hub's loop and the switches between fibers.
#include "core/hub.hpp"

#include "base/env.hpp"
#include "base/error.hpp"
#include "core/dump.hpp"
#include "core/fiber_ref.hpp"
#include "core/fork.hpp"
#include "core/hub_registry.hpp"
#include "core/observer.hpp"
#include "core/overflow_names.hpp"

#include <sched.h>
#include <unistd.h>

#include <utility>

namespace weft::impl {

namespace {

// A fiber that only switches must not starve descriptors and timers: after this many switches the hub takes a
// pass.
constexpr std::int32_t quantum_switches = 64;

// A sample of the delay costs a switch and two looks at the clock.
constexpr std::int32_t passes_between_probes = 64;
constexpr std::int64_t time_between_probes_ns = 5'000'000;  // where passes are long, they are few

// With fibers ready, a pass polls at most this often; the system call would otherwise dominate short
// switches.
constexpr std::int64_t poll_interval_ns = 20'000;

constexpr std::uint64_t first_foreign_id = std::uint64_t{1} << (fiber_id_bits - 1);

// Only libev and the inbox run on the loop's stack.
constexpr std::size_t loop_stack_bytes = 64 * 1024;

WaitRecord& record_of(TimerNode& node) noexcept {
    auto* address = reinterpret_cast<std::byte*>(&node) - offsetof(WaitRecord, timer);
    return *reinterpret_cast<WaitRecord*>(address);
}

}  // namespace

constinit thread_local Hub* current_hub = nullptr;
constinit std::atomic<bool> fibers_observed{false};

Hub::Hub(std::unique_ptr<Poller> poller)
    : running_(&main_), thread_context_(init_thread_context()), poller_(std::move(poller)) {
    observer->hub_begins();
    if (const auto seed = env::number("WEFT_SHUFFLE", 0, INT64_MAX)) {
        shuffle(static_cast<std::uint64_t>(*seed));
    }
    install_overflow_names();
    install_fatal_dump();
    watch_forks();
    thread_id = ::gettid();
    thread_marker = &this_thread_marker;
    pass_time_ = poller_->coarse_now();
    register_hub(*this);
    next_id_ = serial << fiber_id_bits;
    next_foreign_id_ = next_id_ + first_foreign_id;
    next_id_ += serial == 0 ? 1 : 0;  // 0 names no fiber
    main_.hub = this;
    main_.id = new_fiber_id();
    main_.name = "main";
    main_.started = true;
    main_.since = pass_time_;
    init_thread_execution(main_.execution);
    add_fiber(main_);
    try {
        loop_fiber_.slot = stacks_.acquire(loop_stack_bytes);
    } catch (...) {
        unregister_hub(*this);
        throw;
    }
    loop_fiber_.hub = this;
    loop_fiber_.name = "hub";
    loop_fiber_.attention = attention_loop;
    prepare_context(loop_fiber_.execution, *loop_fiber_.slot, reinterpret_cast<std::byte*>(loop_fiber_.slot),
                    &Hub::loop_entry, this);
}

Hub::~Hub() {
    if (main_.ref_box != nullptr) {
        unbind_box(main_);
        drop_box(main_);
    }
    clear_grave();
    unregister_hub(*this);
    // A thread that has posted may still be on its way out of post().
    while (posting_.load(std::memory_order_acquire) != 0) {
        sched_yield();
    }
    drain_inbox();
    clear_grave();
    io_part.reset();
    stacks_.release(loop_fiber_.slot);
}

void Hub::disown_fibers() noexcept {
    FiberBlock* fiber = std::exchange(all_, nullptr);
    while (fiber != nullptr) {
        FiberBlock* next = fiber->all_next;
        // Off the list too: one of them that is buried after this must not write to its neighbours.
        fiber->all_next = nullptr;
        fiber->all_prev = nullptr;
        fiber->hub.store(nullptr, std::memory_order_relaxed);
        fiber = next;
    }
}

void Hub::prefetch_next() noexcept {
    // From the top of its stack on: eleven lines of these are the frames of a connection that waits for its next message. Its
    // block has been fetched before.
    constexpr int lines = 15;
    if (ready_.empty()) {
        return;
    }
    // Looked up before anything is fetched: a load behind so many would wait for its turn.
    const FiberBlock& next = ready_.front();
    const auto* at = static_cast<const char*>(next.execution.sp);
    const FiberBlock* after_next = next.next;
    const void* first_use = next.next_use[0];
    const void* second_use = next.next_use[1];
    // Its turn to be looked at here comes next: then its block need not be waited for.
    if (after_next != nullptr) {
        __builtin_prefetch(after_next, 1, 2);
        __builtin_prefetch(&after_next->next_use, 1, 2);
    }
    __builtin_prefetch(first_use, 0, 2);
    __builtin_prefetch(second_use, 1, 2);
#pragma GCC unroll 15
    for (int line = 0; line < lines; ++line) {
        __builtin_prefetch(at + line * 64, 1, 2);
    }
}

void Hub::yield_to_pass() noexcept {
    give_up_quantum();
    if (!in_loop()) [[likely]] {  // else on the way to the others already
        ready_.push(*running_);
        leave();
    }
}

Execution* Hub::loop_entry(void* hub) { static_cast<Hub*>(hub)->loop(); }

void Hub::shuffle(std::optional<std::uint64_t> seed) noexcept {
    lots_ = seed;
    if (probe_.since != 0) {
        // It queued up at a time that the clock has chosen, and nothing may depend on that.
        RunQueue fibers;
        while (!ready_.empty()) {
            if (FiberBlock& fiber = ready_.pop(); &fiber != &loop_fiber_) {
                fibers.push(fiber);
            }
        }
        ready_ = fibers;
        probe_.since = 0;
    }
    give_up_quantum();
}

FiberBlock& Hub::next_after_pass() noexcept {
    if (!lots_) [[likely]] {
        return ready_.pop();
    }
    // Every switch comes by here then, so that the others need not look whether the order is shuffled.
    give_up_quantum();
    // SplitMix64: a good sequence from any seed, zero included.
    std::uint64_t lot = *lots_ += 0x9e3779b97f4a7c15U;
    lot = (lot ^ (lot >> 30)) * 0xbf58476d1ce4e5b9U;
    lot = (lot ^ (lot >> 27)) * 0x94d049bb133111ebU;
    return ready_.pop_any(lot ^ (lot >> 31));
}

void Hub::loop() noexcept {
    for (;;) {
        try {
            pass();
        } catch (...) {
            raise_in_leader(std::current_exception());
            if (ready_.empty()) {
                fatal("the hub cannot poll for events any more, and its main fiber cannot be told");
            }
        }
        run_ready();
    }
}

void Hub::give_up_quantum() noexcept {
    quantum_given_ -= quantum_left_.load(std::memory_order_relaxed);
    quantum_left_.store(0, std::memory_order_relaxed);
}

void Hub::count_pass() noexcept {
    const std::int32_t left = quantum_left_.load(std::memory_order_relaxed);
    const bool used_up = left < 0 || (left == 0 && quantum_given_ == quantum_switches);
    counters_.switches.add(static_cast<std::uint64_t>(quantum_given_ - left - (used_up ? 1 : 0)));
    counters_.passes.add(1);
    counters_.fibers.set(live_fibers);
    counters_.timers.set(timers_.size());
    counters_.outside_waits.set(outside_waits);
    quantum_given_ = quantum_switches;
    quantum_left_.store(quantum_switches, std::memory_order_relaxed);
}

void Hub::start_probe() noexcept {
    probe_.passes_left = passes_between_probes;
    probe_.next = pass_time_ + time_between_probes_ns;
    // Virtual time knows no delays, and in a shuffled order nothing may depend on the clock.
    if (probe_.since == 0 && !ready_.empty() && !lots_ && poller_->real_time()) {
        probe_.since = now();
        probe_.switches = counters_.switches.get();
        ready_.push(loop_fiber_);
    }
}

void Hub::end_probe() noexcept {
    counters_.run_delay.add(now() - std::exchange(probe_.since, 0));
    const std::int32_t used = quantum_given_ - quantum_left_.load(std::memory_order_relaxed);
    counters_.run_queue.set(counters_.switches.get() + static_cast<std::uint64_t>(used) - probe_.switches);
}

void Hub::run_ready() noexcept {
    bool its_turn = true;
    while (its_turn && !ready_.empty()) {
        FiberBlock& next = next_after_pass();
        if (&next != &loop_fiber_) [[likely]] {
            running_ = &next;
            counters_.switches.add(1);
            switch_context(loop_fiber_.execution, next.execution, thread_context_);
            // With some of the quantum left nobody was ready any more, or it was the probe's turn.
            its_turn = probe_.since != 0 && quantum_left_.load(std::memory_order_relaxed) > 0;
            quantum_given_ -= its_turn ? 1 : 0;  // that was no switch to a fiber
        }
        if (its_turn) {
            end_probe();  // and no pass: fibers must not notice the probe
        }
    }
}

void Hub::pass() {
    count_pass();
    clear_grave();
    drain_inbox();
    if (ready_.empty()) {
        wait_for_events();
        last_poll_ = 0;
    } else if (poller_->watching()) {
        // Not known (0) means that the last pass has polled: the interval starts here.
        const std::int64_t time = now();
        // Where a deadline is due, what it limits may have come in time: then that counts.
        const bool at_once = !poller_->real_time() || timers_.next() <= time;
        if (last_poll_ == 0 && !at_once) {
            last_poll_ = time;
        } else if (time - last_poll_ >= poll_interval_ns || at_once) {
            last_poll_ = time;
            poller_->poll(poll_now);
        }
    }
    if (!timers_.empty()) {
        expire_timers();
    }
    pass_time_ = poller_->coarse_now();
    if (--probe_.passes_left < 0 || pass_time_ >= probe_.next) [[unlikely]] {
        start_probe();
    }
}

void Hub::tell_idle() {
    poller_->poll(poll_now);
    drain_inbox();
    expire_timers();
    if (!ready_.empty()) {
        return;
    }
    while (WaitRecord* record = on_idle.pop()) {
        make_ready(*record->fiber);
    }
}

/// The time in which the hub may be blocked in its poller; ends also when that fails.
struct Hub::Sleep {
    explicit Sleep(Hub& whose) noexcept : hub(whose) {
        // Pairs with post(): either the poster sees that the hub sleeps, or the hub sees the message.
        hub.asleep_.exchange(true, std::memory_order_seq_cst);
    }
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    ~Sleep() {
        hub.asleep_.store(false, std::memory_order_relaxed);
        if (hub.blocked_for_good) {
            no_longer_blocked(hub);
        }
    }
    Hub& hub;
};

/// Four times as long as the last time, if nothing has run since: an idle program does nothing to speak of for this.
std::int64_t Hub::next_look_again() noexcept {
    constexpr std::int64_t first_ns = 1'000'000;
    constexpr std::int64_t longest_ns = 60'000'000'000;
    const std::uint64_t switches = counters_.switches.get();
    look_again_ns_ =
        switches == looked_after_ ? std::clamp(4 * look_again_ns_, first_ns, longest_ns) : first_ns;
    looked_after_ = switches;
    return look_again_ns_;
}

void Hub::wait_for_events() {
    if (!on_idle.empty()) {
        tell_idle();
        return;
    }
    std::int64_t until = timers_.next();
    if (until == poll_forever && outside_waits == 0) {
        const Outlook outlook = block_for_good(*this);
        if (outlook == Outlook::deadlock) {
            return;
        }
        if (outlook == Outlook::look_again && poller_->real_time()) {
            until = now() + next_look_again();
        }
    }
    {
        const Sleep sleep(*this);
        if (inbox_.empty()) {
            poller_->poll(until);
        }
    }
    drain_inbox();
}

bool Hub::drain_inbox() noexcept {
    if (inbox_.empty()) {
        return false;
    }
    InboxItem* item = inbox_.take_all();
    while (item != nullptr) {
        InboxItem* next = item->next;  // run() may end the item
        item->run(*item, *this);
        counters_.outside_wakeups.add(1);
        item = next;
    }
    return true;
}

void Hub::post(InboxItem& item) noexcept {
    posting_.fetch_add(1, std::memory_order_acq_rel);
    inbox_.push(item);
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst)) {
        poller_->notify();
    }
    posting_.fetch_sub(1, std::memory_order_release);
}

void Hub::expire_timers() noexcept {
    const std::int64_t time = now();
    while (TimerNode* node = timers_.pop_due(time)) {
        WaitRecord& record = record_of(*node);
        record.lapsed = true;
        counters_.timers_fired.add(1);
        expire(record, Wake::timed_out);
    }
}

void Hub::expire(WaitRecord& record, Wake how) noexcept {
    // abort() may lose against a waker on another thread, whose message is then on its way.
    if (record.outcome == Wake::woken && record.abort(record)) {
        record.outcome = how;
        make_ready(*record.fiber);
    }
}

void Hub::raise_in_leader(std::exception_ptr error) noexcept {
    leader_->pending = std::move(error);
    leader_->attention |= attention_error;
    if (leader_->wait != nullptr) {
        expire(*leader_->wait, Wake::interrupted);
    }
}

}  // namespace weft::impl
