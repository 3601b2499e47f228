// The fork hook: the library's locks are taken in a fixed order, and the child forgets all but the calling fiber.
#include "core/fork.hpp"

#include "base/error.hpp"
#include "core/fiber_ref.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"

#include <weft/base/error.hpp>

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace weft::impl {

/// All parts; never destroyed, since threads outlive main.
struct ForkParts {
    void add(ForkPart& part) noexcept {
        const std::lock_guard guard(lock);
        if (part.listed_.exchange(true, std::memory_order_release)) {
            return;
        }
        part.next_ = first;
        if (first != nullptr) {
            first->prev_ = &part;
        }
        first = &part;
    }
    void remove(ForkPart& part) noexcept {
        const std::lock_guard guard(lock);
        (part.prev_ != nullptr ? part.prev_->next_ : first) = part.next_;
        if (part.next_ != nullptr) {
            part.next_->prev_ = part.prev_;
        }
    }
    template <class F>
    void each(F call) noexcept {
        for (ForkPart* part = first; part != nullptr; part = part->next_) {
            call(part->owner_);
        }
    }

    std::mutex lock;
    ForkPart* first = nullptr;
};

namespace {

std::atomic<std::uint32_t> forks{0};

ForkParts& parts() noexcept {
    static ForkParts& all = *new ForkParts;
    return all;
}

// The order of all locks of the process: the list of parts, the parts, the registry of hubs, the pool of stacks.

void before_fork() {
    parts().lock.lock();
    parts().each([](AroundFork& part) { part.before_fork(); });
    registry_lock().lock();
    StackPool::process().lock();
}

void after_fork_in_parent() {
    StackPool::process().unlock();
    registry_lock().unlock();
    parts().each([](AroundFork& part) { part.after_fork_in_parent(); });
    parts().lock.unlock();
}

void after_fork_in_child() {
    forks.fetch_add(1, std::memory_order_relaxed);
    StackPool::process().unlock();
    forget_other_hubs();
    registry_lock().unlock();
    parts().each([](AroundFork& part) { part.after_fork_in_child(); });
    parts().lock.unlock();
    if (Hub* hub = Hub::current()) {
        hub->keep_running_fiber();
    }
}

/// Others may have been at work on these when the process forked; nothing that lies in them is destroyed.
void forget_other_threads(FiberBlock& fiber) noexcept {
    std::construct_at(&fiber.lock);
    std::construct_at(&fiber.joiners);
    if (fiber.ref_box != nullptr) {
        std::construct_at(&fiber.ref_box->lock);
    }
}

const std::exception_ptr& abandoned_error() {
    static const std::exception_ptr& error = *new std::exception_ptr(std::make_exception_ptr(Abandoned()));
    return error;
}

void mark_left_behind(FiberBlock& fiber) {
    forget_other_threads(fiber);
    std::construct_at(&fiber.local_joiners);
    fiber.scopes = nullptr;
    if (RefBox* box = fiber.ref_box) {
        box->fiber = nullptr;
        std::construct_at(&box->links.waiting);
        end_links(box->links, abandoned_error());
    }
    std::construct_at(&fiber.error, abandoned_error());
    fiber.collected.store(true, std::memory_order_relaxed);
    fiber.state.fetch_or(state_finished | state_left_behind, std::memory_order_release);
}

}  // namespace

ForkPart::~ForkPart() {
    if (listed_.load(std::memory_order_relaxed)) {
        parts().remove(*this);
    }
}

void ForkPart::list() {
    if (!listed_.load(std::memory_order_acquire)) {
        watch_forks();
        parts().add(*this);
    }
}

void watch_forks() {
    static const int error = [] {
        static_cast<void>(registry_lock());  // made before anybody can wait for it to be made
        static_cast<void>(parts());
        return pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
    }();
    if (error != 0) {
        throw_errno(error, "pthread_atfork");
    }
}

std::uint32_t forks_survived() noexcept { return forks.load(std::memory_order_relaxed); }

bool is_left_behind(const FiberBlock& fiber) noexcept {
    if (forks_survived() == 0) [[likely]] {
        return false;
    }
    const Hub* hub = fiber.hub.load(std::memory_order_relaxed);
    return (hub != nullptr && hub->left_behind) ||
           (fiber.state.load(std::memory_order_acquire) & state_left_behind) != 0;
}

bool end_if_left_behind(FiberBlock& fiber) noexcept {
    if (!is_left_behind(fiber)) [[likely]] {
        return false;
    }
    static constinit SpinLock lock;
    const std::lock_guard guard(lock);
    if (!fiber.finished()) {
        mark_left_behind(fiber);
    }
    return true;
}

void exit_child(bool failed) {
    std::exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);  // NOLINT(concurrency-mt-unsafe): as main() does
}

void Hub::keep_running_fiber() noexcept {
    for (FiberBlock* fiber = all_; fiber != nullptr; fiber = fiber->all_next) {
        if (fiber == running_) {
            continue;
        }
        if (fiber->finished()) {
            forget_other_threads(*fiber);  // its box is still asked for
            continue;
        }
        if (fiber->wait != nullptr) {
            // It stays in its queues, whose owners pass it over, as they do a wait that another queue has ended.
            fiber->wait->in_set = true;
            fiber->wait->decided.store(left_behind_tag + 1, std::memory_order_relaxed);
            fiber->wait = nullptr;
        }
        mark_left_behind(*fiber);
    }
    forget_other_threads(*running_);
    std::construct_at(&running_->local_joiners);
    leader_ = running_;
    thread_id = ::gettid();
    live_fibers = 0;
    outside_waits = 0;
    on_empty = nullptr;
    std::construct_at(&on_idle);
    blocked_for_good = ending = false;
    ready_.clear();
    probe_ = {};
    for (std::size_t reason = 0; reason < wait_reason_count; ++reason) {
        counters_.waits_over[reason].set(counters_.waits[reason].get());
    }
    std::construct_at(&inbox_);
    asleep_.store(false, std::memory_order_relaxed);
    posting_.store(0, std::memory_order_relaxed);
    std::destroy_at(&timers_);
    std::construct_at(&timers_);
    last_poll_ = 0;
    try {
        poller_->after_fork();
    } catch (const std::exception& error) {
        fatal("the child of a fork cannot go on with its hub: %s", error.what());
    }
    if (io_part != nullptr) {
        io_part->after_fork();
    }
}

void Hub::leave_behind() noexcept {
    left_behind = true;
    poller_->leave_behind();
}

}  // namespace weft::impl
