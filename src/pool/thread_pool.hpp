// OS threads for calls that block: a fiber hands a call over and waits for its result like for anything else.
#pragma once

#include "core/park.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace weft::impl {

/// One call on its way through the pool, shared by who waits and the thread that runs it: either may leave
/// first.
class PoolJob {
public:
    PoolJob() = default;
    PoolJob(const PoolJob&) = delete;
    PoolJob& operator=(const PoolJob&) = delete;
    virtual ~PoolJob() = default;

    /// Runs the call, keeps what it throws, wakes the waiter.
    void execute() noexcept;

    /// True once the call has ended; false when the deadline passed first, and the result will be dropped.
    /// Throws what interrupts a fiber; then too the result will be dropped.
    bool wait(Deadline& deadline);

    void rethrow() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

protected:
    virtual void call() = 0;

private:
    struct Waiting;

    std::mutex mutex_;
    bool done_ = false;             // guarded by mutex_
    WaitRecord* waiter_ = nullptr;  // guarded by mutex_; who takes it out has won it
    std::exception_ptr error_;      // written before done_
};

/// Grows to its maximum, one thread at a time and only when none is idle; what exceeds it queues. A thread
/// that has been idle for a while ends. The threads take no signals. Jobs may still run when the pool object
/// ends.
class ThreadPool {
public:
    explicit ThreadPool(std::size_t max_threads,
                        std::chrono::milliseconds idle_limit = std::chrono::seconds(10));
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    /// Threads end after the jobs they are at; jobs that have not begun never run. No fiber may be waiting.
    ~ThreadPool();

    /// Runs `fn` in a thread of the pool. Empty with `error` set to timed_out when the deadline passes first:
    /// the call then goes on unobserved, as it does when the waiting fiber is cancelled; so `fn` owns what it
    /// uses. Empty with another `error` when there is no thread and none can be made. Throws what `fn`
    /// throws.
    template <class F>
    requires(!std::is_void_v<std::invoke_result_t<F&>>) std::optional<std::invoke_result_t<F&>> run(
        F fn, Deadline& deadline, std::error_code& error) {
        auto job = std::make_shared<Job<F>>(std::move(fn));
        error = submit(job);
        if (error) {
            return std::nullopt;
        }
        if (!job->wait(deadline)) {
            error = std::make_error_code(std::errc::timed_out);
            return std::nullopt;
        }
        job->rethrow();
        return std::move(job->result);
    }

    /// How many threads there are now.
    std::size_t threads() const;

private:
    struct Shared;

    template <class F>
    struct Job final : PoolJob {
        explicit Job(F fn) : function(std::move(fn)) {}
        void call() override { result.emplace(function()); }
        F function;
        std::optional<std::invoke_result_t<F&>> result;
    };

    std::error_code submit(std::shared_ptr<PoolJob> job);

    std::shared_ptr<Shared> shared_;
};

}  // namespace weft::impl
