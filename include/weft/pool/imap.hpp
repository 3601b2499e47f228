// The results of a function that a pool applies to the elements of a range.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/base/spinlock.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/pool/group.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/time/deadline.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weft {

class Pool;

namespace impl {

template <class Range>
using ItemOf = std::iter_value_t<decltype(std::begin(std::declval<std::remove_reference_t<Range>&>()))>;
template <class Range, class F>
using ItemResult = std::invoke_result_t<F&, ItemOf<Range>>;

/// Members of nobody else, who end with their owner.
class OwnMembers : public Members {
public:
    OwnMembers() = default;
    const std::shared_ptr<MemberList>& seats() const noexcept { return list(); }
};

/// From the fiber that starts the calls, and from these, to the one that reads the results.
template <class R>
class ItemFlow {
public:
    ItemFlow(bool ordered, std::size_t max_unread)
        : ordered_(ordered),
          bounded_(max_unread != 0),
          room_(static_cast<std::uint32_t>(std::min<std::size_t>(max_unread, Semaphore::largest))) {}

    bool ordered() const noexcept { return ordered_; }
    /// Waits for the reader.
    void make_room() {
        if (bounded_) {
            room_.acquire();
        }
    }
    void count_start() noexcept {
        const std::lock_guard guard(lock_);
        ++started_;
    }
    /// One that the reader may take now; takes it out of its list.
    void arrive(std::list<Future<R>>& one) noexcept {
        {
            const std::lock_guard guard(lock_);
            ready_.splice(ready_.end(), one);
        }
        there_.release();
    }
    /// Nothing more is started after `feed`; the reader learns what it has thrown.
    template <class Feed>
    void finish_with(Feed feed) {
        try {
            feed();
            end(nullptr);
        } catch (const Cancelled&) {
            end(std::make_exception_ptr(BrokenPromise()));
            throw;
        } catch (const FiberExit&) {
            end(std::make_exception_ptr(BrokenPromise()));
            throw;
        } catch (...) {
            end(std::current_exception());
        }
    }

    // --- the reader's ---

    /// The next one; an empty future after the last.
    Future<R> take(Deadline deadline) {
        while (!(ended_seen_ && read_ == started_)) {
            there_.acquire(deadline);
            const std::lock_guard guard(lock_);
            if (!ready_.empty()) {
                Future<R> one = std::move(ready_.front());
                ready_.pop_front();
                ++read_;
                return one;
            }
            ended_seen_ = true;
        }
        return {};
    }
    void one_is_read() noexcept {
        if (bounded_) {
            room_.release();
        }
    }
    /// Once.
    void throw_error() {
        if (error_ != nullptr) {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

private:
    void end(std::exception_ptr error) noexcept {
        {
            const std::lock_guard guard(lock_);
            error_ = std::move(error);
        }
        there_.release();
    }

    const bool ordered_;
    const bool bounded_;
    bool ended_seen_ = false;
    SpinLock lock_;
    std::list<Future<R>> ready_;  // guarded by lock_, until the end has been seen; the next two as well
    std::size_t started_ = 0;
    std::exception_ptr error_;
    std::size_t read_ = 0;
    Semaphore there_{0};  // a unit for each that has arrived, and one for the end
    Semaphore room_;
};

/// The place of one result in the flow; travels in the closure of its call.
template <class R>
class Arrival {
public:
    explicit Arrival(std::shared_ptr<ItemFlow<R>> flow) : flow_(std::move(flow)), one_(1) {}
    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;
    /// The call has ended, however it has.
    ~Arrival() {
        if (!one_.empty() && one_.front().valid()) {
            flow_->arrive(one_);
        }
    }
    /// The call is on its way.
    void expect(Future<R> result) noexcept {
        one_.front() = std::move(result);
        flow_->count_start();
        if (flow_->ordered()) {
            flow_->arrive(one_);
        }
    }

private:
    std::shared_ptr<ItemFlow<R>> flow_;
    std::list<Future<R>> one_;  // made beforehand: to arrive cannot fail
};

}  // namespace impl

/// The results of Pool::imap(), to be read by one fiber or thread at a time. Its destructor cancels the calls that are
/// under way and waits for them; no more are started.
template <class R>
class Imap {
public:
    Imap(const Imap&) = delete;
    Imap& operator=(const Imap&) = delete;

    /// The next result; none after the last. If its call has thrown this does, and the call after it goes on with the
    /// following one. An error of the range itself comes after all results, and is the last. If the pool is killed
    /// there are BrokenPromise errors for what was under way, and one more for the rest of the range.
    ///
    /// Suspends:  until it is there.
    /// Cancel:    nothing has been read; the next call gets it.
    /// Errors:    TimeoutError past `deadline`; what the call or the range has thrown; BrokenPromise.
    /// Threads:   any fiber or thread, one at a time.
    /// Since:     0.1
    std::optional<R> next(Deadline deadline = never) {
        if (deadline.is_relative()) {
            deadline.fix(now());
        }
        if (!next_.valid()) {
            next_ = flow_->take(deadline);
            if (!next_.valid()) {
                flow_->throw_error();
                return std::nullopt;
            }
        }
        next_.wait(deadline);
        flow_->one_is_read();
        return std::exchange(next_, Future<R>()).get();
    }

    /// For range-for, which an error ends; next() goes on behind it.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = R;
        using difference_type = std::ptrdiff_t;
        using pointer = R*;
        using reference = R&;

        explicit Iterator(Imap& of) : of_(&of) { ++*this; }
        reference operator*() noexcept { return *current_; }
        pointer operator->() noexcept { return &*current_; }
        Iterator& operator++() {
            current_ = of_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t /*end*/) const noexcept { return !current_.has_value(); }

    private:
        Imap* of_;
        std::optional<R> current_;
    };
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend class Pool;
    static_assert(!std::is_void_v<R>, "for functions that return nothing there is Pool::map");

    template <class Range, class F>
    Imap(Pool& pool, Range&& range, F fn, bool ordered, std::size_t max_unread)
        : flow_(std::make_shared<impl::ItemFlow<R>>(ordered, max_unread)) {
        // A reference to what is no temporary, else the range itself.
        feeder_ = spawn(SpawnOptions{.name = "imap"},
                        [this, &pool, shared = std::make_shared<F>(std::move(fn)),
                         kept = std::tuple<Range>(std::forward<Range>(range))]() mutable {
                            feed(pool, std::get<0>(kept), shared);
                        });
    }
    template <class Range, class F>
    void feed(Pool& pool, Range&& range, const std::shared_ptr<F>& fn);

    std::shared_ptr<impl::ItemFlow<R>> flow_;
    Future<R> next_;
    impl::OwnMembers own_;
    Fiber<> feeder_;  // ends first: then nobody is started any more
};

}  // namespace weft
