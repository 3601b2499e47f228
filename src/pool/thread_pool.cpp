// The OS-thread pool.
#include "pool/thread_pool.hpp"

#include "base/helper_thread.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"

#include <condition_variable>
#include <deque>

namespace weft::impl {

struct PoolJob::Waiting : WaitRecord {
    explicit Waiting(PoolJob& of) noexcept : WaitRecord(WaitReason::pool_job, &of, &leave), job(of) {}

    static bool leave(WaitRecord& record) noexcept {
        PoolJob& job = static_cast<Waiting&>(record).job;
        const std::scoped_lock lock(job.mutex_);
        return std::exchange(job.waiter_, nullptr) != nullptr;
    }

    PoolJob& job;
};

void PoolJob::execute() noexcept {
    try {
        call();
    } catch (...) {
        error_ = std::current_exception();
    }
    WaitRecord* waiter = nullptr;
    {
        const std::scoped_lock lock(mutex_);
        done_ = true;
        waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter != nullptr) {
        wake(*waiter);
    }
}

bool PoolJob::wait(Deadline& deadline) {
    Waiting record(*this);
    {
        const std::scoped_lock lock(mutex_);
        if (done_) {
            return true;
        }
        waiter_ = &record;
    }
    const OutsideWait outside(Hub::current());
    switch (park(record, deadline)) {
        case Wake::woken:
            return true;
        case Wake::timed_out:
            return false;
        case Wake::interrupted:
            break;
    }
    throw_interrupt();
}

struct ThreadPool::Shared {
    Shared(std::size_t most, std::chrono::milliseconds limit) : max_threads(most), idle_limit(limit) {}

    void serve();

    const std::size_t max_threads;
    const std::chrono::milliseconds idle_limit;
    mutable std::mutex mutex;
    std::condition_variable work;
    std::deque<std::shared_ptr<PoolJob>> queue;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool stopping = false;
};

void ThreadPool::Shared::serve() {
    std::unique_lock lock(mutex);
    while (!stopping) {
        if (queue.empty()) {
            ++idle;
            const bool found = work.wait_for(lock, idle_limit, [this] { return stopping || !queue.empty(); });
            --idle;
            if (!found) {
                break;
            }
            continue;
        }
        std::shared_ptr<PoolJob> job = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        job->execute();
        job.reset();  // what the call owns may take its time to end
        lock.lock();
    }
    --threads;
    count_own_thread(-1);
}

ThreadPool::ThreadPool(std::size_t max_threads, std::chrono::milliseconds idle_limit)
    : shared_(std::make_shared<Shared>(max_threads, idle_limit)) {}

ThreadPool::~ThreadPool() {
    const std::scoped_lock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->queue.clear();
    shared_->work.notify_all();
}

std::size_t ThreadPool::threads() const {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->threads;
}

std::error_code ThreadPool::submit(std::shared_ptr<PoolJob> job) {
    const std::scoped_lock lock(shared_->mutex);
    shared_->queue.push_back(std::move(job));
    // Idle threads that have been notified but have not run yet are spoken for by the jobs queued before this
    // one.
    if (shared_->idle >= shared_->queue.size() || shared_->threads >= shared_->max_threads) {
        shared_->work.notify_one();
        return {};
    }
    try {
        start_helper_thread([shared = shared_] { shared->serve(); }).detach();
        ++shared_->threads;
        count_own_thread(1);
    } catch (const std::system_error& failure) {
        if (shared_->threads == 0) {
            shared_->queue.pop_back();
            return failure.code();
        }
    }
    return {};
}

}  // namespace weft::impl
