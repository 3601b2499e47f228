// The threads of a ThreadPool, and the queue of what they have to do.
#include <weft/pool/thread_pool.hpp>

#include "base/helper_thread.hpp"
#include "core/awaitable.hpp"
#include "core/fork.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/park.hpp"
#include "core/report.hpp"

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>

#include <sched.h>

#include <condition_variable>
#include <deque>
#include <system_error>

namespace weft {

namespace impl {

namespace {

/// Until it ends virtual time stands still, and nobody is told of a deadlock.
struct JobOut {
    JobOut() noexcept { job_begins(); }
    JobOut(const JobOut&) = delete;
    JobOut& operator=(const JobOut&) = delete;
    ~JobOut() { job_ends(); }
};

struct QueuedJob {
    std::unique_ptr<JobOut> out;  // ends after the job
    PoolJobPtr job;
    std::uint64_t number = 0;
};

std::size_t usable_cores() noexcept {
    cpu_set_t cores;
    const int count = ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return static_cast<std::size_t>(std::max(count, 1));
}

/// The job has forked, and this is the child: nobody waits for the job here.
[[noreturn]] void end_child(const std::exception_ptr& error) {
    if (error != nullptr) {
        report_error("a job of a thread pool", "ended with an error after it had forked", error);
    }
    exit_child(error != nullptr);
}

}  // namespace

struct ThreadPoolEngine final : AroundFork, std::enable_shared_from_this<ThreadPoolEngine> {
    ThreadPoolEngine(std::size_t most, Duration limit) : max_threads(most), idle_limit(limit) {
        none_busy.set();
    }

    void serve();
    void work(std::unique_lock<std::mutex>& lock);
    /// Makes one more thread. Throws std::system_error. The caller holds the lock.
    void grow();

    void before_fork() noexcept override { mutex.lock(); }
    void after_fork_in_parent() noexcept override { mutex.unlock(); }
    void after_fork_in_child() noexcept override {
        // The old ones are not destroyed: that would wait for the threads, and end what the jobs hold.
        std::construct_at(&mutex);
        std::construct_at(&more);
        std::construct_at(&queue);
        threads = idle = busy = 0;
        std::construct_at(&none_busy);
        none_busy.set();
    }

    std::mutex mutex;
    std::condition_variable more;
    std::deque<QueuedJob> queue;
    std::uint64_t last_number = 0;
    std::size_t max_threads;
    const Duration idle_limit;
    std::size_t threads = 0;
    std::size_t idle = 0;
    std::size_t busy = 0;
    bool stopping = false;
    Event none_busy;
    ForkPart part{*this};
};

void ThreadPoolEngine::work(std::unique_lock<std::mutex>& lock) {
    QueuedJob next = std::move(queue.front());
    queue.pop_front();
    if (++busy == 1) {
        none_busy.reset();
    }
    lock.unlock();
    const std::uint32_t forks = forks_survived();
    in_job = true;
    if (const std::exception_ptr error = next.job->run(*next.job); forks_survived() != forks) {
        end_child(error);
    }
    next.job.reset();  // what the call owns may take its time to end
    if (Hub::current() != nullptr) {
        // The job has waited as fibers do. A hub that nobody runs would keep deadlocks from being found.
        static_cast<void>(Hub::end_current(RunOptions{}.grace));
    }
    in_job = false;
    lock.lock();
    if (--busy == 0) {
        none_busy.set();
    }
    lock.unlock();
    next.out.reset();
    lock.lock();
}

void ThreadPoolEngine::serve() {
    std::unique_lock lock(mutex);
    while (!stopping && threads <= max_threads) {
        if (!queue.empty()) {
            work(lock);
            continue;
        }
        ++idle;
        const bool needed = more.wait_for(
            lock, idle_limit, [this] { return stopping || !queue.empty() || threads > max_threads; });
        --idle;
        if (!needed) {
            break;
        }
    }
    --threads;
    more.notify_one();  // it may have been meant for a thread that stays
    count_own_thread(-1);
}

void ThreadPoolEngine::grow() {
    start_helper_thread([engine = shared_from_this()] { engine->serve(); }).detach();
    ++threads;
    count_own_thread(1);
}

}  // namespace impl

ThreadPool::ThreadPool(std::size_t max_threads, Duration idle_limit)
    : engine_(std::make_shared<impl::ThreadPoolEngine>(max_threads, idle_limit)) {}

ThreadPool::~ThreadPool() {
    std::deque<impl::QueuedJob> dropped;
    {
        const std::scoped_lock lock(engine_->mutex);
        engine_->stopping = true;
        dropped.swap(engine_->queue);
        engine_->more.notify_all();
    }
    dropped.clear();
    if (!engine_->none_busy.is_set()) {
        std::optional<Shield> shield;  // which would give a plain thread a hub
        if (impl::Hub::current() != nullptr) {
            shield.emplace();
        }
        engine_->none_busy.wait();
    }
}

std::size_t ThreadPool::threads() const {
    const std::scoped_lock lock(engine_->mutex);
    return engine_->threads;
}

std::size_t ThreadPool::max_threads() const {
    const std::scoped_lock lock(engine_->mutex);
    return engine_->max_threads;
}

std::size_t ThreadPool::queued() const {
    const std::scoped_lock lock(engine_->mutex);
    return engine_->queue.size();
}

void ThreadPool::resize(std::size_t max_threads) {
    const std::scoped_lock lock(engine_->mutex);
    engine_->max_threads = max_threads;
    engine_->more.notify_all();
    const std::size_t waiting = engine_->queue.size();
    for (std::size_t spare = engine_->idle; spare < waiting && engine_->threads < max_threads; ++spare) {
        engine_->grow();
    }
}

std::uint64_t ThreadPool::post(impl::PoolJobPtr job) {
    impl::QueuedJob entry{std::make_unique<impl::JobOut>(), std::move(job), 0};
    engine_->part.list();
    const std::scoped_lock lock(engine_->mutex);
    // Idle threads that have been notified but have not run yet are spoken for by the jobs queued before this one.
    if (engine_->idle <= engine_->queue.size() && engine_->threads < engine_->max_threads) {
        try {
            engine_->grow();
        } catch (const std::system_error&) {
            if (engine_->threads == 0) {
                throw;
            }
        }
    }
    entry.number = ++engine_->last_number;
    engine_->queue.push_back(std::move(entry));
    engine_->more.notify_one();
    return engine_->last_number;
}

void ThreadPool::take_back(std::uint64_t job) {
    impl::QueuedJob taken;
    const std::scoped_lock lock(engine_->mutex);
    const auto at = std::find_if(engine_->queue.begin(), engine_->queue.end(),
                                 [job](const impl::QueuedJob& queued) { return queued.number == job; });
    if (at != engine_->queue.end()) {
        taken = std::move(*at);  // which ends after the lock
        engine_->queue.erase(at);
    }
}

void ThreadPool::await(const impl::FutureHandle& future, std::uint64_t job) {
    impl::FutureState& state = *future.state();
    impl::QueueRecord<impl::FutureState> record(impl::WaitReason::pool_job, this, state);
    Deadline none = never;
    if (!state.enlist(record.node) || impl::park(record, none) == impl::Wake::woken) {
        return;
    }
    take_back(job);
    {
        const Shield shield;
        future.wait();
    }
    static_cast<void>(future.exception());  // seen, if not by anybody
    impl::throw_interrupt();
}

void ThreadPool::for_each_index(std::size_t count, const std::function<void(std::size_t)>& call) {
    std::atomic<std::size_t> next{0};
    auto share = [&] {
        try {
            for (std::size_t at = next++; at < count; at = next++) {
                call(at);
            }
        } catch (...) {
            next = count;
            throw;
        }
    };
    const std::size_t shares = std::min(count, std::max<std::size_t>(max_threads(), 1));
    std::vector<std::pair<Future<>, std::uint64_t>> ends;
    ends.reserve(shares);
    std::exception_ptr error;
    try {
        while (ends.size() < shares) {
            Promise<> promise;
            Future<> end = promise.future();
            ends.emplace_back(
                end, post(impl::TypedPoolJob<void, decltype(share)>::make(std::move(promise), share)));
        }
        for (const auto& [end, job] : ends) {
            end.wait();
        }
    } catch (...) {
        next = count;
        error = std::current_exception();
        const Shield shield;
        for (const auto& [end, job] : ends) {
            take_back(job);
            end.wait();
        }
    }
    for (const auto& [end, job] : ends) {
        const std::exception_ptr thrown = end.exception();
        error = error != nullptr ? error : thrown;
    }
    if (error != nullptr) {
        std::rethrow_exception(error);
    }
}

ThreadPool& blocking_pool() {
    constexpr std::size_t most = 64;
    static auto* pool = new ThreadPool(most);  // threads may still be in a call when the process ends
    return *pool;
}

ThreadPool& compute_pool() {
    static auto* pool = new ThreadPool(impl::usable_cores());
    return *pool;
}

}  // namespace weft
