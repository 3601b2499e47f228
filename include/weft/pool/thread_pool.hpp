// OS threads for calls that block or compute: fibers hand them over and wait for their results.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/sync/future.hpp>
#include <weft/time/deadline.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

namespace impl {

struct ThreadPoolEngine;

/// A call on its way through a pool of threads: is run once, or only destroyed.
struct PoolJob {
    std::exception_ptr (*run)(PoolJob&) noexcept;  ///< returns what the call has thrown
    void (*destroy)(PoolJob*) noexcept;
};
struct EndPoolJob {
    void operator()(PoolJob* job) const noexcept { job->destroy(job); }
};
using PoolJobPtr = std::unique_ptr<PoolJob, EndPoolJob>;

template <class R, class F, class... Args>
class TypedPoolJob final : public PoolJob {
public:
    template <class G, class... As>
    static PoolJobPtr make(Promise<R> promise, G&& fn, As&&... args) {
        return PoolJobPtr(
            new TypedPoolJob(std::move(promise), std::forward<G>(fn), std::forward<As>(args)...));
    }

private:
    template <class G, class... As>
    explicit TypedPoolJob(Promise<R> promise, G&& fn, As&&... args)
        : PoolJob{&run_it, &destroy_it},
          promise_(std::move(promise)),
          call_(std::in_place, std::forward<G>(fn), std::forward<As>(args)...) {}

    static std::exception_ptr run_it(PoolJob& job) noexcept {
        auto& self = static_cast<TypedPoolJob&>(job);
        std::exception_ptr error;
        try {
            self.promise_.set_from([&]() -> R {
                // Function and arguments end with the call, before anybody is told.
                struct Drop {
                    TypedPoolJob& of;
                    ~Drop() { of.call_.reset(); }
                } drop{self};
                auto call = [](F& fn, Args&... with) -> R {
                    return std::invoke(std::move(fn), std::move(with)...);
                };
                try {
                    return std::apply(call, *self.call_);
                } catch (...) {
                    error = std::current_exception();
                    throw;
                }
            });
        } catch (...) {
            // What interrupts fibers interrupts no thread: whoever throws it means it as an error.
            static_cast<void>(self.promise_.try_set_exception(std::current_exception()));
        }
        return error;
    }
    static void destroy_it(PoolJob* job) noexcept { delete static_cast<TypedPoolJob*>(job); }

    Promise<R> promise_;
    std::optional<std::tuple<F, Args...>> call_;
};

template <class Range>
using ElementOf = decltype(*std::begin(std::declval<Range&>()));

}  // namespace impl

/// Threads for calls that would stop a hub: they block, or take long to compute. The pool grows to its maximum, one
/// thread at a time and only when none is idle; what exceeds it queues. A thread that has been idle for a while ends.
/// The threads take no signals that are meant for the program. A job may use all of weft's synchronisation types, and
/// call something on a hub and wait for it: `spawn_on(hub, fn).get()`.
///
/// Any fiber or thread may use it. The destructor drops the jobs that have not begun, whose futures are broken then,
/// and waits for the others.
class WEFT_API ThreadPool {
public:
    /// At most `max_threads` at once, of which one that is idle ends after `idle_limit`.
    explicit ThreadPool(std::size_t max_threads, Duration idle_limit = std::chrono::seconds(10));
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    /// How many threads there are now.
    [[nodiscard]] std::size_t threads() const;
    [[nodiscard]] std::size_t max_threads() const;
    /// How many jobs have not begun.
    [[nodiscard]] std::size_t queued() const;

    /// Changes the maximum: more threads start at once if jobs are waiting; if there are too many, they end after the
    /// jobs that they are at. With 0 all jobs wait. Never waits.
    void resize(std::size_t max_threads);

    /// Queues fn(args...), whose arguments are copied or moved as spawn() does, and goes on. Dropping the future, or
    /// leaving the wait for it, abandons the job: it goes on unobserved, so it must own what it uses. Never waits.
    ///
    /// Errors:    std::system_error if there is no thread and none can be made.
    /// Threads:   any.
    /// Since:     0.1
    template <class F, class... Args>
    Future<impl::SpawnResult<F, Args...>> submit(F&& fn, Args&&... args) {
        using Result = impl::SpawnResult<F, Args...>;
        using Job = impl::TypedPoolJob<Result, std::decay_t<F>, std::decay_t<Args>...>;
        Promise<Result> promise;
        Future<Result> future = promise.future();
        post(Job::make(std::move(promise), std::forward<F>(fn), std::forward<Args>(args)...));
        return future;
    }

    /// Calls fn(args...) in a thread of the pool and returns what it returns. The call may use what the caller has on
    /// its stack: it never outlasts run().
    ///
    /// Suspends:  until the call has returned.
    /// Cancel:    if it has not begun it never does. If it has it is waited for, since no thread can be interrupted,
    ///            and its result dropped; to leave at once use submit().
    /// Errors:    what fn throws; BrokenPromise if the pool ends before; std::system_error as submit().
    /// Threads:   any.
    /// Since:     0.1
    template <class F, class... Args>
    std::invoke_result_t<F, Args...> run(F&& fn, Args&&... args) {
        using Result = std::invoke_result_t<F, Args...>;
        auto call = [&]() -> Result { return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...); };
        Promise<Result> promise;
        Future<Result> future = promise.future();
        const std::uint64_t job =
            post(impl::TypedPoolJob<Result, decltype(call)>::make(std::move(promise), call));
        await(future, job);
        return std::move(future).get();
    }

    /// Calls fn(element) for all elements of a range that has random access, spread over the threads, and returns the
    /// results in the order of the elements (nothing, if there are none). The calls get the elements themselves. Not
    /// from within a job of the same pool.
    ///
    /// Suspends:  until all calls have returned, or one has failed.
    /// Cancel:    no more calls begin; those that have begun are waited for.
    /// Errors:    what one of the calls throws; no more calls begin then. As run().
    /// Threads:   any.
    /// Since:     0.1
    template <class Range, class F>
    auto map(Range&& range, F fn) {
        using Result = std::invoke_result_t<F&, impl::ElementOf<Range>>;
        auto first = std::begin(range);
        const auto count = static_cast<std::size_t>(std::distance(first, std::end(range)));
        if constexpr (std::is_void_v<Result>) {
            for_each_index(count,
                           [&](std::size_t at) { std::invoke(fn, first[static_cast<std::ptrdiff_t>(at)]); });
        } else {
            std::vector<std::optional<Result>> slots(count);
            for_each_index(count, [&](std::size_t at) {
                slots[at].emplace(std::invoke(fn, first[static_cast<std::ptrdiff_t>(at)]));
            });
            std::vector<Result> results;
            results.reserve(count);
            for (std::optional<Result>& slot : slots) {
                results.push_back(std::move(*slot));
            }
            return results;
        }
    }

private:
    /// Returns a number by which it can be taken back.
    std::uint64_t post(impl::PoolJobPtr job);
    /// Unless it has begun.
    void take_back(std::uint64_t job);
    /// Waits; if it is interrupted it takes the job back, or waits for its end, and throws then.
    void await(const impl::FutureHandle& future, std::uint64_t job);
    void for_each_index(std::size_t count, const std::function<void(std::size_t)>& call);

    std::shared_ptr<impl::ThreadPoolEngine> engine_;
};

/// The process's threads for calls that block: at most 64, made when needed.
[[nodiscard]] WEFT_API ThreadPool& blocking_pool();
/// The process's threads for work: at most one for each core that the process may use.
[[nodiscard]] WEFT_API ThreadPool& compute_pool();

/// Calls fn(args...) in a thread of blocking_pool(), as ThreadPool::run().
///
/// Suspends:  until the call has returned.
/// Cancel:    as ThreadPool::run(): a call that has begun is waited for.
/// Errors:    what fn throws; std::system_error if there is no thread and none can be made.
/// Threads:   any.
/// Since:     0.1
template <class F, class... Args>
std::invoke_result_t<F, Args...> run_blocking(F&& fn, Args&&... args) {
    return blocking_pool().run(std::forward<F>(fn), std::forward<Args>(args)...);
}

/// ThreadPool::map() on all cores.
///
/// Suspends:  until all calls have returned, or one has failed.
/// Cancel:    no more calls begin; those that have begun are waited for.
/// Errors:    what one of the calls throws; std::system_error if there is no thread and none can be made.
/// Threads:   any.
/// Since:     0.1
template <class Range, class F>
auto parallel_map(Range&& range, F fn) {
    return compute_pool().map(std::forward<Range>(range), std::move(fn));
}

}  // namespace weft
