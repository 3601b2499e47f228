// The waist: every wait of the library goes through park(), every end of one through wake().
#include "core/park.hpp"

#include "base/error.hpp"
#include "base/sys.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/park_inline.hpp"

#include <weft/base/error.hpp>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace weft::impl {

namespace {

std::int64_t ns_of(TimePoint time) noexcept { return time.time_since_epoch().count(); }

/// When the call's own limit is reached, in steady ns.
std::int64_t fix(Deadline& deadline, Hub& hub) noexcept {
    if (deadline.is_relative()) {
        deadline.fix(TimePoint{Duration{hub.now()}});
    }
    return ns_of(deadline.resolve(TimePoint{}));
}

/// What the fiber's scopes, its killers and its stack's canary say before it waits.
struct Interest {
    bool interrupted = false;
    ScopeLimit scopes;
};

Interest look_closer(FiberBlock& fiber, Hub& hub) noexcept {
    Interest interest;
    if ((fiber.attention & attention_canary) != 0 && !canary_ok(*fiber.slot)) {
        fatal(
            "fiber %llu \"%s\" has overflown its stack, which has no guard page; give it a larger "
            "SpawnOptions::stack_size",
            static_cast<unsigned long long>(fiber.id), fiber.name.c_str());
    }
    interest.scopes = scope_limit(fiber);
    const bool unwinding = hub.thread_context().exceptions->uncaught != 0;
    interest.interrupted =
        interest.scopes.cancelled != nullptr || (!unwinding && (fiber.attention & attention_error) != 0) ||
        (!interest.scopes.shielded && (fiber.attention & (attention_kill | attention_cancel)) != 0);
    return interest;
}

/// Where there is no memory for a timer, the call has not happened.
void arm_or_give_up(WaitRecord& record, Hub& hub, std::int64_t until) {
    try {
        hub.timers().arm(record.timer, until);
    } catch (...) {
        if (record.abort(record)) {
            throw;
        }
    }
}

Wake leave_and_return(FiberBlock& fiber, WaitRecord& record, Hub& hub, std::int64_t until) {
    if (until != forever_ns) {
        arm_or_give_up(record, hub, until);
    }
    leave_counted(fiber, record, hub);
    if (record.timer.armed()) {
        hub.timers().cancel(record.timer);
    }
    return record.outcome;
}

/// The call gives up before it has left: true if nobody had woken it yet.
bool give_up(WaitRecord& record, Wake how) noexcept {
    if (!record.abort(record)) {
        return false;
    }
    record.outcome = how;
    return true;
}

Wake park_closely(FiberBlock& fiber, WaitRecord& record, Hub& hub, Deadline& deadline) {
    if ((fiber.attention & attention_loop) != 0) {
        fatal("a call that waits was made from the hub's own context");
    }
    const Interest interest = look_closer(fiber, hub);
    if (interest.interrupted && give_up(record, Wake::interrupted)) {
        return Wake::interrupted;
    }
    const std::int64_t own = fix(deadline, hub);
    const std::int64_t scope = interest.scopes.until;
    record.own_until = own;
    const Wake how = leave_and_return(fiber, record, hub, own < scope ? own : scope);
    // Also where the record had been woken before: a fiber that always finds its waits fulfilled is not parked when the hub
    // looks at its timers, and would never be cut short.
    if (record.lapsed && scope_lapsed(fiber, own)) {
        return how == Wake::timed_out ? Wake::interrupted : how;
    }
    return how;
}

timespec to_timespec(std::int64_t ns) noexcept {
    return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

/// A thread without a hub sleeps on the record's futex word.
Wake park_thread(WaitRecord& record, Deadline& deadline) noexcept {
    if (deadline.is_relative()) {
        deadline.fix(std::chrono::steady_clock::now());
    }
    bool limited = !deadline.is_never();
    std::uint32_t expected = signal_open;
    // With a limit the job goes on in real time, whatever the others do.
    if (in_job && !limited &&
        record.signal.compare_exchange_strong(expected, signal_job, std::memory_order_acquire)) {
        expected = signal_job;
        job_waits();
    }
    const timespec until = limited ? to_timespec(ns_of(deadline.resolve(TimePoint{}))) : timespec{};
    const auto* word = reinterpret_cast<const std::uint32_t*>(&record.signal);
    while (record.signal.load(std::memory_order_acquire) != signal_woken) {
        if (sys.futex_wait(word, expected, limited ? &until : nullptr) != 0 && errno == ETIMEDOUT) {
            if (give_up(record, Wake::timed_out)) {
                return Wake::timed_out;
            }
            limited = false;  // won by a waker, whose signal is on its way
        }
    }
    return Wake::woken;
}

void run_woken(InboxItem& item, Hub& hub) noexcept {
    auto* address = reinterpret_cast<std::byte*>(&item) - offsetof(FiberBlock, mail);
    hub.make_ready(*reinterpret_cast<FiberBlock*>(address));
}

void wake_thread(WaitRecord& record) noexcept {
    // The record may end as soon as its word is set: only the address is used after that, and a wake-up of
    // whatever lies there then is spurious for it.
    const auto* word = reinterpret_cast<const std::uint32_t*>(&record.signal);
    std::uint32_t before = signal_open;
    if (!record.signal.compare_exchange_strong(before, signal_woken, std::memory_order_release,
                                               std::memory_order_relaxed)) {
        job_goes_on();  // before it can end
        record.signal.store(signal_woken, std::memory_order_release);
    }
    sys.futex_wake(word, 1);
}

}  // namespace

Wake park(WaitRecord& record, Deadline& deadline) { return park_inline(record, deadline); }

Wake park_with_care(WaitRecord& record, Deadline& deadline) {
    if (record.fiber == nullptr) {
        return park_thread(record, deadline);
    }
    FiberBlock& fiber = *record.fiber;
    Hub& hub = *fiber.hub.load(std::memory_order_relaxed);
    if (fiber.attention != 0) {
        return park_closely(fiber, record, hub, deadline);
    }
    return leave_and_return(fiber, record, hub, fix(deadline, hub));
}

Wake park_shielded(WaitRecord& record, Deadline& deadline) {
    if (record.fiber == nullptr) {
        return park_thread(record, deadline);
    }
    ScopeLink shield{.shield = true};
    open_scope(shield);
    const Wake how = park(record, deadline);
    close_scope(shield);
    return how;
}

void wake(WaitRecord& record) noexcept { wake_inline(record); }

void wake_elsewhere(WaitRecord& record) noexcept {
    if (record.fiber == nullptr) {
        wake_thread(record);
    } else {
        wake_from_signal(record);
    }
}

void wake_from_signal(WaitRecord& record) noexcept {
    FiberBlock* fiber = record.fiber;
    fiber->mail.run = &run_woken;
    fiber->hub.load(std::memory_order_relaxed)->post(fiber->mail);
}

void throw_unwoken(Wake how, const char* operation) {
    if (how == Wake::timed_out) {
        throw TimeoutError(operation);
    }
    throw_interrupt();
}

bool interrupted() noexcept {
    Hub& hub = *Hub::current();
    if (hub.running().attention == 0) {
        return false;
    }
    const Interest interest = look_closer(hub.running(), hub);
    const ScopeLimit& scopes = interest.scopes;
    if (!interest.interrupted && scopes.until != forever_ns && scopes.until <= hub.now()) {
        expire_scope(*scopes.earliest);
        return true;
    }
    return interest.interrupted;
}

int interruption_error() noexcept {
    Hub& hub = *Hub::current();
    FiberBlock& fiber = hub.running();
    if ((fiber.attention & (attention_error | attention_kill)) != 0) {
        return ECANCELED;
    }
    const ScopeLink* link = scope_limit(fiber).cancelled;
    const bool expired = link != nullptr && !link->deadline.is_never() &&
                         ns_of(link->deadline.resolve(TimePoint{Duration{hub.now()}})) <= hub.now();
    return expired ? ETIMEDOUT : ECANCELED;
}

void throw_interrupt() {
    FiberBlock& fiber = Hub::current()->running();
    // An edge is taken once; a level stays.
    if ((fiber.attention & attention_error) != 0) {
        fiber.attention &= static_cast<std::uint8_t>(~attention_error);
        std::rethrow_exception(std::exchange(fiber.pending, nullptr));
    }
    const ScopeLimit scopes = scope_limit(fiber);
    // Behind a shield it is a scope within it that interrupts.
    if ((fiber.attention & attention_kill) != 0 && !scopes.shielded) {
        fiber.attention &= static_cast<std::uint8_t>(~attention_kill);
        if (fiber.pending != nullptr) {
            std::rethrow_exception(std::exchange(fiber.pending, nullptr));
        }
        throw FiberExit{};
    }
    strike(scopes.cancelled);
}

}  // namespace weft::impl
