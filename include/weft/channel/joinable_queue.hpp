// A queue that knows which of its items are still being worked on.
#pragma once

#include <weft/base/spinlock.hpp>
#include <weft/channel/queue.hpp>
#include <weft/sync/event.hpp>

#include <concepts>
#include <cstddef>
#include <utility>

namespace weft {

namespace impl {

/// How many items have been put in and not been reported as done.
class WEFT_API TaskCount {
public:
    void add() noexcept;
    /// More than there are stops the program.
    void done(std::size_t tasks) noexcept;
    void wait(Deadline deadline);

private:
    SpinLock lock_;
    std::size_t count_ = 0;
    Event none_;  ///< set while the count is 0 again
};

}  // namespace impl

/// A Queue whose users say when they are done with an item, so that join() can wait until all that was put in has been dealt with.
template <class T, class Order = OldestFirst>
class JoinableQueue : private Queue<T, Order> {
    using Base = Queue<T, Order>;

public:
    using Base::Base;
    using Base::begin;
    using Base::capacity;
    using Base::empty;
    using Base::end;
    using Base::get;
    using Base::is_shut_down;
    using Base::next;
    using Base::peek;
    using Base::resize;
    using Base::size;
    using Base::try_get;
    using Base::try_peek;
    using typename Base::value_type;

    /// Puts an item in, which counts as a task until task_done().
    ///
    /// Suspends:  while the queue is full. The task counts meanwhile.
    /// Cancel:    the item is not in the queue; `item` is as it was, if T's move does not throw.
    /// Errors:    ChannelClosed after shutdown(); TimeoutError past `deadline`; std::bad_alloc; what T's move throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void put(T&& item, Deadline deadline = never) {
        Counted counted(tasks_);
        Base::put(std::move(item), deadline);
        counted.stays = true;
    }
    void put(const T& item, Deadline deadline = never) requires std::copy_constructible<T> {
        put(T(item), deadline);
    }

    /// Puts it in if there is room; else false, and `item` is as it was. Never waits.
    ///
    /// Errors:    ChannelClosed after shutdown(); std::bad_alloc.
    [[nodiscard]] bool try_put(T&& item) {
        Counted counted(tasks_);
        return counted.stays = Base::try_put(std::move(item));
    }
    [[nodiscard]] bool try_put(const T& item) requires std::copy_constructible<T> { return try_put(T(item)); }

    /// The caller is done with an item that it got. Once for each item; once more stops the program. Any fiber or thread.
    void task_done() noexcept { tasks_.done(1); }

    /// Waits until each item that was put in has been reported as done. Goes on at once if none was.
    ///
    /// Suspends:  while there are tasks.
    /// Cancel:    the queue is not affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void join(Deadline deadline = never) { tasks_.wait(deadline); }

    /// As Queue::shutdown(); what is destroyed at once is done.
    void shutdown(bool immediate = false) noexcept { tasks_.done(this->core_.close(immediate)); }

private:
    struct Counted {
        explicit Counted(impl::TaskCount& of) noexcept : tasks(of) { tasks.add(); }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        ~Counted() {
            if (!stays) {
                tasks.done(1);
            }
        }
        impl::TaskCount& tasks;
        bool stays = false;
    };

    impl::TaskCount tasks_;
};

}  // namespace weft
