// A thread for each kind of event that fibers wait for: it waits in the kernel, and leaves what it sees to be collected by the
// fibers. A fiber that is interrupted leaves its thread there, for the next one that waits for the same.
#include "posix/child_watch.hpp"

#include "base/spinlock.hpp"
#include "core/fork.hpp"
#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/signal_wait.hpp"

#include <weft/pool/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>

namespace weft::impl {

namespace {

/// A fiber that waits for one of the threads.
struct ChildWait : WaitRecord {
    explicit ChildWait(const ChildEvent& wanted) noexcept
        : WaitRecord(WaitReason::pool_job, nullptr, &give_up), event(wanted) {}
    static bool give_up(WaitRecord& record) noexcept;

    const ChildEvent event;
    ChildWait* prev = nullptr;
    ChildWait* next = nullptr;
    bool linked = false;
};

constexpr std::size_t most_events = 64;

/// Who waits, and what threads wait for.
class ChildWaits final : public AroundFork {
public:
    /// False if there are too many events that are waited for. Throws std::bad_alloc, std::system_error.
    bool add(ChildWait& wait);
    /// False if it has been woken already.
    bool remove(ChildWait& wait) noexcept;
    /// By the thread that has waited for it.
    void tell(const ChildEvent& event) noexcept;

private:
    void begin_watch(const ChildEvent& event);
    void unlink(ChildWait& wait) noexcept;

    void before_fork() noexcept override { lock_.lock(); }
    void after_fork_in_parent() noexcept override { lock_.unlock(); }
    void after_fork_in_child() noexcept override {
        std::construct_at(&lock_);
        first_ = nullptr;
        watched_ = 0;
    }

    SpinLock lock_;
    ChildWait* first_ = nullptr;
    std::array<ChildEvent, most_events> events_{};  ///< the first ones are waited for, by a thread each
    std::size_t watched_ = 0;
    ForkPart part_{*this};
};

ChildWaits& waits() {
    static auto* all = new ChildWaits;
    return *all;
}

/// Threads of their own: those of blocking_pool() may all be at work, and these stay until a child has ended.
ThreadPool& watchers() {
    static auto* pool = new ThreadPool(most_events);
    return *pool;
}

/// Leaves what has happened for others to collect.
void await_event(const ChildEvent& event) noexcept {
    siginfo_t info{};
    while (libc.waitid(event.what, event.id, &info, event.options | WNOWAIT) != 0 && errno == EINTR) {
    }
}

bool ChildWait::give_up(WaitRecord& record) noexcept {
    return waits().remove(static_cast<ChildWait&>(record));
}

bool ChildWaits::add(ChildWait& wait) {
    part_.list();
    bool begins = false;
    {
        const std::lock_guard guard(lock_);
        const auto end = events_.begin() + static_cast<std::ptrdiff_t>(watched_);
        begins = std::find(events_.begin(), end, wait.event) == end;
        if (begins && watched_ == events_.size()) {
            return false;
        }
        if (begins) {
            events_[watched_++] = wait.event;
        }
        wait.next = first_;
        (first_ != nullptr ? first_->prev : first_) = &wait;
        first_ = &wait;
        wait.linked = true;
    }
    if (begins) {
        begin_watch(wait.event);
    }
    return true;
}

void ChildWaits::begin_watch(const ChildEvent& event) {
    try {
        static_cast<void>(watchers().submit([this, event] {
            await_event(event);
            tell(event);
        }));
    } catch (...) {
        tell(event);  // whoever has joined in tries again
        throw;
    }
}

void ChildWaits::unlink(ChildWait& wait) noexcept {
    (wait.prev != nullptr ? wait.prev->next : first_) = wait.next;
    if (wait.next != nullptr) {
        wait.next->prev = wait.prev;
    }
    wait.prev = wait.next = nullptr;
    wait.linked = false;
}

bool ChildWaits::remove(ChildWait& wait) noexcept {
    const std::lock_guard guard(lock_);
    const bool was_linked = wait.linked;
    if (was_linked) {
        unlink(wait);
    }
    return was_linked;
}

void ChildWaits::tell(const ChildEvent& event) noexcept {
    ChildWait* woken = nullptr;
    {
        const std::lock_guard guard(lock_);
        const auto end = events_.begin() + static_cast<std::ptrdiff_t>(watched_);
        *std::find(events_.begin(), end, event) = events_[--watched_];
        for (ChildWait* wait = first_; wait != nullptr;) {
            ChildWait* const next = wait->next;
            if (wait->event == event) {
                unlink(*wait);
                wait->next = woken;
                woken = wait;
            }
            wait = next;
        }
    }
    while (woken != nullptr) {
        ChildWait* const next = woken->next;  // the record ends with its wait
        wake(*woken);
        woken = next;
    }
}

}  // namespace

int wait_for_child_event(const ChildEvent& event) noexcept {
    try {
        ChildWait wait(event);
        if (!waits().add(wait)) {
            return rest_until(Deadline(std::chrono::milliseconds(10)), true);
        }
        Deadline none = never;
        const SignalWait signals(*Hub::current(), true);
        if (park(wait, none) != Wake::interrupted) {
            return 0;
        }
        return signals.struck() ? EINTR : interruption_error();
    } catch (const std::system_error& error) {
        return error.code().value();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

}  // namespace weft::impl
