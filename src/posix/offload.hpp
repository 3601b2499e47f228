// Calls that no poller can wait for, made by a thread of a pool while the fiber waits. A fiber that is interrupted leaves at once:
// the call goes on unobserved, so all that it uses is its own.
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

private:
    struct Record;
    SpinLock lock_;
    bool over_ = false;
    std::atomic<bool> abandoned_ = false;
    Record* waiter_ = nullptr;
};

/// Has state.work() called in a thread of `pool`; the state belongs to both. 0 if it has returned; an errno value if there is no
/// thread or no memory (it has not been called then) or if the fiber was interrupted (it is not called then if it has not begun).
template <class State>
[[nodiscard]] int offload(ThreadPool& pool, const std::shared_ptr<State>& state) noexcept {
    struct Job {
        std::shared_ptr<State> state;
        JobEnd end;
    };
    try {
        auto job = std::make_shared<Job>();
        job->state = state;
        static_cast<void>(pool.submit([job] {
            if (!job->end.abandoned()) {
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

}  // namespace weft::impl
