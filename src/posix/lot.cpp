// The parking lot's lists.
#include "posix/lot.hpp"

#include "core/fork.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <system_error>

namespace weft::impl {

constinit LotBucket lot[std::size_t{1} << lot_bits];

namespace {

/// In the child nobody waits any more. The calling thread is in no bucket, and no other thread is there.
struct LotInForks final : AroundFork {
    void after_fork_in_child() noexcept override {
        for (LotBucket& bucket : lot) {
            std::construct_at(&bucket);
        }
    }
    ForkPart part{*this};
};

void watch_forks_for_lot() noexcept {
    static LotInForks& known = *new LotInForks;
    try {
        known.part.list();
    } catch (const std::system_error&) {
        // Without memory for it: children then see waits of fibers that they do not have.
    }
}

/// What signal handlers have found the calling thread at.
struct InSignals {
    static constexpr std::size_t room = 8;
    std::atomic<bool> in_bucket{false};
    std::atomic<std::size_t> late{0};  ///< wakes that have to wait for the end of that
    std::atomic<const void*> addresses[room]{};
};
constinit thread_local InSignals in_signals;

[[gnu::noinline]] void wake_late() noexcept {
    const std::size_t count =
        std::min(in_signals.late.exchange(0, std::memory_order_relaxed), InSignals::room);
    for (std::size_t i = 0; i < count; ++i) {
        wake_in_lot(in_signals.addresses[i].load(std::memory_order_relaxed), 1);
    }
}

[[noreturn]] void stop_for_interrupt() noexcept { throw_interrupt(); }

}  // namespace

// To a handler on the same thread the order in the program is what counts.
LotGuard::LotGuard(LotBucket& bucket) noexcept : bucket_(bucket) {
    in_signals.in_bucket.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    bucket_.lock.lock();
}

LotGuard::~LotGuard() {
    bucket_.lock.unlock();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    in_signals.in_bucket.store(false, std::memory_order_relaxed);
    if (in_signals.late.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        wake_late();
    }
}

void LotBucket::insert(LotWait& wait) noexcept {
    LotWait* before = last;
    if (wait.ticket_ == 0) {
        wait.ticket_ = next_ticket++;
    } else {
        before = nullptr;
        for (LotWait* next = first; next != nullptr && next->ticket_ < wait.ticket_; next = next->next_) {
            before = next;
        }
    }
    LotWait* const after = before != nullptr ? before->next_ : first;
    wait.prev_ = before;
    wait.next_ = after;
    (before != nullptr ? before->next_ : first) = &wait;
    (after != nullptr ? after->prev_ : last) = &wait;
    wait.linked_ = true;
}

void LotBucket::remove(LotWait& wait) noexcept {
    (wait.prev_ != nullptr ? wait.prev_->next_ : first) = wait.next_;
    (wait.next_ != nullptr ? wait.next_->prev_ : last) = wait.prev_;
    wait.linked_ = false;
    waiting.fetch_sub(1, std::memory_order_relaxed);
}

LotWait* LotBucket::find(const void* address, std::uint32_t kinds, const LotWait* after) const noexcept {
    LotWait* wait = after != nullptr ? after->next_ : first;
    while (wait != nullptr && (wait->object != address || (wait->kinds_ & kinds) == 0)) {
        wait = wait->next_;
    }
    return wait;
}

void LotBucket::take(LotWait& wait, LotWait**& end) noexcept {
    remove(wait);
    if (wait.insists_) {
        wait.due_ = true;
        due.fetch_add(1, std::memory_order_relaxed);
    }
    wait.next_ = nullptr;
    *end = &wait;
    end = &wait.next_;
}

std::size_t LotBucket::wake_taken(LotWait* chain) noexcept {
    std::size_t count = 0;
    while (chain != nullptr) {
        LotWait* next = chain->next_;  // a wait ends with its call
        wake(*chain);
        chain = next;
        ++count;
    }
    return count;
}

LotWait::LotWait(WaitReason why, const void* address, std::uint32_t kinds) noexcept
    : WaitRecord(why, address, &LotWait::give_up), kinds_(kinds) {
    watch_forks_for_lot();
}

void LotWait::enlist() noexcept {
    LotBucket& bucket = lot_bucket(object);
    // Before the second try, which follows: pairs with lot_waited().
    bucket.waiting.fetch_add(1, std::memory_order_seq_cst);
    const LotGuard guard(bucket);
    bucket.insert(*this);
}

bool LotWait::leave() noexcept {
    if (give_up(*this)) {
        return true;
    }
    Deadline until = never;  // it is on its way
    static_cast<void>(park_shielded(*this, until));
    has_tried();
    return false;
}

bool LotWait::give_up(WaitRecord& record) noexcept {
    auto& wait = static_cast<LotWait&>(record);
    LotBucket& bucket = lot_bucket(wait.object);
    const LotGuard guard(bucket);
    const bool linked = wait.linked_;
    if (linked) {
        bucket.remove(wait);
    }
    return linked;
}

Wake LotWait::park_until(TimePoint until, bool shielded) noexcept {
    outcome = Wake::woken;
    lapsed = false;
    own_until = INT64_MAX;
    Deadline deadline = until == TimePoint::max() ? never : Deadline(until);
    Wake how = Wake::timed_out;
    try {
        how = shielded ? park_shielded(*this, deadline) : park(*this, deadline);
    } catch (const std::bad_alloc&) {
        // No memory for a timer, and it has left already: the caller looks at its limit, and comes back.
        Hub::current()->yield_to_pass();
    }
    if (how == Wake::interrupted && shielded) {
        // A deadlock, or a hub that cannot poll. A lock's callers take it to be theirs when the call returns.
        stop_for_interrupt();
    }
    return how;
}

void LotWait::has_tried() noexcept {
    if (due_) {
        due_ = false;
        lot_bucket(object).due.fetch_sub(1, std::memory_order_relaxed);
    }
}

std::size_t wake_in_lot(const void* address, std::size_t most, std::uint32_t kinds) noexcept {
    LotBucket& bucket = lot_bucket(address);
    LotWait* chain = nullptr;
    LotWait** end = &chain;
    {
        const LotGuard guard(bucket);
        LotWait* wait = bucket.find(address, kinds);
        while (wait != nullptr && most != 0) {
            --most;
            LotWait* const next = most != 0 ? bucket.find(address, kinds, wait) : nullptr;
            bucket.take(*wait, end);
            wait = next;
        }
    }
    return LotBucket::wake_taken(chain);
}

void wake_in_lot_from_signal(const void* address) noexcept {
    if (in_signals.in_bucket.load(std::memory_order_relaxed)) {
        const std::size_t at = in_signals.late.fetch_add(1, std::memory_order_relaxed);
        if (at < InSignals::room) {
            in_signals.addresses[at].store(address, std::memory_order_relaxed);
        }
        return;
    }
    LotBucket& bucket = lot_bucket(address);
    bucket.lock.lock();  // another thread has it, if anybody
    LotWait* const wait = bucket.find(address, wait_any_kind);
    if (wait != nullptr) {
        bucket.remove(*wait);
    }
    bucket.lock.unlock();
    if (wait != nullptr) {
        wake_from_signal(*wait);
    }
}

bool waits_in_lot(const void* address, std::uint32_t kinds, std::uint64_t ticket) noexcept {
    LotBucket& bucket = lot_bucket(address);
    const LotGuard guard(bucket);
    const LotWait* wait = bucket.find(address, kinds);
    return wait != nullptr && (ticket == 0 || wait->ticket() < ticket);
}

}  // namespace weft::impl
