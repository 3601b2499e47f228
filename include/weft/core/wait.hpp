// Waiting for one or several of many: fibers, events, semaphores, channels, whatever is Waitable.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/waitable.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

namespace impl {

struct Gathering;

/// Hands out objects one by one, as they become ready; for the fiber or thread that has made it.
class WEFT_API Gatherer {
public:
    explicit Gatherer(std::span<const Waitable> objects);
    Gatherer(Gatherer&&) noexcept;
    Gatherer& operator=(Gatherer&&) = delete;
    ~Gatherer();

    /// Whether all have been handed out.
    [[nodiscard]] bool empty() const noexcept;
    /// The number of the next one.
    std::size_t next(Deadline& deadline);

private:
    std::unique_ptr<Gathering> gathering_;
};

WEFT_API std::size_t wait_first(std::span<const Waitable> objects, Deadline deadline);
WEFT_API std::vector<std::size_t> wait_several(std::span<const Waitable> objects, std::size_t count,
                                               Deadline deadline);

using HandleList = std::vector<const FiberHandle*>;
WEFT_API void join_each(const HandleList& fibers, Deadline deadline);
WEFT_API void join_each_or_throw(const HandleList& fibers, Deadline deadline);
WEFT_API void kill_each(const HandleList& fibers, const std::exception_ptr& error, Deadline deadline);
WEFT_API void cancel_each(const HandleList& fibers, Deadline deadline);

/// Goes through the range once.
template <class Range>
std::vector<Waitable> waitables(Range& objects) {
    std::vector<Waitable> all;
    for (auto&& object : objects) {
        all.push_back(object);
    }
    return all;
}
template <class Range>
HandleList handles(Range& fibers) {
    HandleList all;
    for (auto&& fiber : fibers) {
        static_assert(std::is_lvalue_reference_v<decltype(fiber)>, "a range of handles, not of copies");
        all.push_back(std::addressof(fiber));
    }
    return all;
}

}  // namespace impl

/// Waits until one of the objects is ready; returns which, counted from 0. Of those that are ready at once it is the
/// first. It gives what it would give to one who waits for it alone (a Semaphore one unit; a channel or queue keeps its
/// item), and the others give nothing: `wait_any({fiber, event}, 5ms)`, or for a range of them.
///
/// Suspends:  while none is ready.
/// Cancel:    nothing has been taken from any.
/// Errors:    TimeoutError past `deadline`.
/// Threads:   any fiber or thread.
/// Since:     0.1
inline std::size_t wait_any(std::initializer_list<Waitable> objects, Deadline deadline = never) {
    return impl::wait_first({objects.begin(), objects.size()}, deadline);
}
template <class Range>
std::size_t wait_any(Range&& objects, Deadline deadline = never) {
    return impl::wait_first(impl::waitables(objects), deadline);
}

/// Waits until `count` of the objects have been ready, or all of them; returns which, in the order in which they were.
/// Past the deadline these are fewer. Each of them has given what it would give to one who waits for it alone: a
/// Semaphore one unit.
///
/// Suspends:  until so many are ready.
/// Cancel:    nothing has been taken from any: where something has, the call returns it, and the next wait is
///            cancelled.
/// Threads:   any fiber or thread.
/// Since:     0.1
inline std::vector<std::size_t> wait(std::initializer_list<Waitable> objects, std::size_t count,
                                     Deadline deadline = never) {
    return impl::wait_several({objects.begin(), objects.size()}, count, deadline);
}
inline std::vector<std::size_t> wait(std::initializer_list<Waitable> objects, Deadline deadline = never) {
    return wait(objects, objects.size(), deadline);
}
template <class Range>
std::vector<std::size_t> wait(Range&& objects, std::size_t count, Deadline deadline = never) {
    return impl::wait_several(impl::waitables(objects), count, deadline);
}
template <class Range>
std::vector<std::size_t> wait(Range&& objects, Deadline deadline = never) {
    return impl::wait_several(impl::waitables(objects), SIZE_MAX, deadline);
}

/// Waits until all of the fibers have finished, however they did.
///
/// Suspends:  until the last one has.
/// Cancel:    the fibers are not affected.
/// Errors:    TimeoutError past `deadline`.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class Fibers>
void join_all(Fibers&& fibers, Deadline deadline = never) {
    impl::join_each(impl::handles(fibers), deadline);
}

/// As join_all(), but once one of them has failed throws what that one has ended with, the others still running.
///
/// Suspends:  until the last one has finished, or one has failed.
/// Cancel:    the fibers are not affected.
/// Errors:    TimeoutError past `deadline`; what the first one that has failed, in time, ended with.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class Fibers>
void join_all_or_throw(Fibers&& fibers, Deadline deadline = never) {
    impl::join_each_or_throw(impl::handles(fibers), deadline);
}

/// Cancels the fibers, of which the caller is none, and waits until all have finished. FiberHandle::cancel() alone
/// does not wait.
///
/// Suspends:  until the last one has finished.
/// Cancel:    they stay cancelled.
/// Errors:    TimeoutError past `deadline`: some have not ended yet.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class Fibers>
void cancel_all(Fibers&& fibers, Deadline deadline = never) {
    impl::cancel_each(impl::handles(fibers), deadline);
}

/// Kills the fibers, of which the caller is none, with `error` (FiberExit if null), and waits until all have finished.
/// Those that have not started never run.
///
/// Suspends:  until the last one has finished.
/// Cancel:    they stay killed.
/// Errors:    TimeoutError past `deadline`: some have not ended yet, or have survived.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class Fibers>
void kill_all(Fibers&& fibers, const std::exception_ptr& error = nullptr, Deadline deadline = never) {
    impl::kill_each(impl::handles(fibers), error, deadline);
}

/// What as_finished() returns, for one loop.
template <class T>
class Finished {
public:
    Finished(std::vector<T*> objects, const std::vector<Waitable>& waitables, Deadline deadline)
        : objects_(std::move(objects)), gatherer_(waitables), deadline_(deadline) {}

    class Iterator {
    public:
        explicit Iterator(Finished& of) : of_(&of) { ++*this; }
        T& operator*() const noexcept { return *of_->objects_[at_]; }
        Iterator& operator++() {
            at_ = of_->gatherer_.empty() ? end : of_->gatherer_.next(of_->deadline_);
            return *this;
        }
        friend bool operator==(const Iterator& it, std::default_sentinel_t /*end*/) noexcept {
            return it.at_ == end;
        }

    private:
        static constexpr std::size_t end = SIZE_MAX;
        Finished* of_;
        std::size_t at_ = end;
    };
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    std::vector<T*> objects_;
    impl::Gatherer gatherer_;
    Deadline deadline_;
};

/// The elements of a range in the order in which they become ready: `for (auto& fiber : as_finished(fibers))`. The loop
/// may wait for other things in between, be left early, and end what it was given last. It belongs to the fiber that
/// began it.
///
/// Suspends:  as wait_any() does, at each step.
/// Errors:    TimeoutError past `deadline`, which counts for the whole loop.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class Range>
auto as_finished(Range& objects, Deadline deadline = never) {
    using T = std::remove_reference_t<decltype(*std::begin(objects))>;
    std::vector<T*> addresses;
    for (T& object : objects) {
        addresses.push_back(std::addressof(object));
    }
    return Finished<T>(std::move(addresses), impl::waitables(objects), deadline);
}

}  // namespace weft
