// Calls that no poller can wait for, made by a thread of a pool while the fiber waits. A fiber that is interrupted leaves offload()
// at once: the call goes on unobserved, so all that it uses is its own. From run_in_pool() it goes when the call has ended.
#pragma once

#include "base/spinlock.hpp"
#include "posix/call.hpp"

#include <weft/pool/thread_pool.hpp>

#include <atomic>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

namespace weft::impl {

/// Whether the call has returned, and who waits for it.
class JobEnd {
public:
    /// By the thread, once.
    void tell() noexcept;
    /// By the fiber: 0, or the error of an interruption.
    [[nodiscard]] int await() noexcept;
    /// By the thread: whether the fiber has left.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_.load(std::memory_order_relaxed); }
    /// The same, but nothing interrupts it.
    void await_shielded() noexcept;

private:
    struct Record;
    /// False if there is nothing to wait for any more.
    bool enlist(Record& record) noexcept;

    SpinLock lock_;
    bool over_ = false;
    std::atomic<bool> abandoned_ = false;
    Record* waiter_ = nullptr;
};

/// Has state.work() called in a thread of `pool`; the state belongs to both. 0 if it has returned; an errno value if there is no
/// thread or no memory (it has not been called then) or if the fiber was interrupted (it is not called then if it has not begun,
/// unless it is to be `in_any_case`).
template <class State>
[[nodiscard]] int offload(ThreadPool& pool, const std::shared_ptr<State>& state,
                          bool in_any_case = false) noexcept {
    struct Job {
        std::shared_ptr<State> state;
        JobEnd end;
    };
    try {
        auto job = std::make_shared<Job>();
        job->state = state;
        static_cast<void>(pool.submit([job, in_any_case] {
            if (in_any_case || !job->end.abandoned()) {
                job->state->work();
            }
            job->end.tell();
        }));
        return job->end.await();
    } catch (const std::system_error& error) {
        return error.code().value();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

/// Has work() called in a thread of blocking_pool(); it may use what the caller has on its stack, since a call that has begun is
/// waited for even if the fiber is interrupted. 0 if it has returned, else an errno value, and then it is not called.
template <class Work>
[[nodiscard]] int run_in_pool(Work& work) noexcept {
    struct Job {
        std::atomic<bool> begun{false};  ///< or called off: whoever sets it has decided
        JobEnd end;
    };
    try {
        auto job = std::make_shared<Job>();
        static_cast<void>(blocking_pool().submit([job, &work] {
            if (!job->begun.exchange(true)) {
                work();
                job->end.tell();
            }
        }));
        const int error = job->end.await();
        if (error == 0 || !job->begun.exchange(true)) {
            return error;
        }
        job->end.await_shielded();
        return 0;
    } catch (const std::system_error& error) {
        return error.code().value();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

}  // namespace weft::impl
