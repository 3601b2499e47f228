// Several futures at once: all of them, the first that succeeds, the first that ends, one after the other as they end.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/exception_group.hpp>
#include <weft/sync/future.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

namespace impl {

/// The order in which futures become ready, for one fiber or thread that takes their numbers from it.
class WEFT_API Completions {
public:
    struct Body;

    explicit Completions(std::size_t capacity);
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;
    ~Completions();

    /// Its number is how many have been added before. The caller keeps the state until next() has said that number.
    void add(FutureState& state) noexcept;
    /// How many next() has not said.
    [[nodiscard]] std::size_t left() const noexcept;
    /// Waits for the next one.
    std::size_t next(Deadline deadline);

private:
    std::unique_ptr<Body> body_;
};

}  // namespace impl

/// The futures in the order in which they become ready; what as_completed() returns. For one fiber at a time.
template <class T>
class AsCompleted {
public:
    explicit AsCompleted(std::vector<Future<T>> futures, Deadline deadline = never)
        : futures_(std::move(futures)), deadline_(deadline), order_(futures_.size()) {
        for (const Future<T>& future : futures_) {
            if (!future.valid()) {
                throw std::invalid_argument("weft: as_completed: a future is empty");
            }
            order_.add(*future.state());
        }
    }

    /// The next future that is ready; none after the last.
    ///
    /// Suspends:  until one more is ready.
    /// Cancel:    none is taken; the next call gets it.
    /// Errors:    TimeoutError past the deadline, which counts for all together.
    /// Threads:   any fiber or thread, one at a time.
    /// Since:     0.1
    std::optional<Future<T>> next() {
        if (order_.left() == 0) {
            return std::nullopt;
        }
        if (deadline_.is_relative()) {
            deadline_.fix(now());
        }
        return std::move(futures_[order_.next(deadline_)]);
    }

    /// So that `for (Future<T>& future : as_completed(futures))` works.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Future<T>;
        using difference_type = std::ptrdiff_t;
        using pointer = Future<T>*;
        using reference = Future<T>&;

        explicit Iterator(AsCompleted& of) : of_(&of) { ++*this; }
        reference operator*() noexcept { return *current_; }
        pointer operator->() noexcept { return &*current_; }
        Iterator& operator++() {
            current_ = of_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return !current_.has_value(); }

    private:
        AsCompleted* of_;
        std::optional<Future<T>> current_;
    };
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    std::vector<Future<T>> futures_;
    Deadline deadline_;
    impl::Completions order_;
};

/// The futures one after the other as they become ready, with value or error (first, in their order, those that
/// are already): `for (auto& future : as_completed(futures))`. It may be left early; the others then are as if nobody had asked.
///
/// Errors:    std::invalid_argument for an empty future.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class T>
[[nodiscard]] AsCompleted<T> as_completed(std::vector<Future<T>> futures, Deadline deadline = never) {
    return AsCompleted<T>(std::move(futures), deadline);
}

/// Waits for all and returns their values in the order of the futures (nothing, if T is void). As soon as one has
/// failed it throws that error and does not wait for the others.
///
/// Suspends:  until all have succeeded or one has failed.
/// Cancel:    the futures are not affected.
/// Errors:    TimeoutError past `deadline`; the error of the first that fails.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class T>
auto all(std::vector<Future<T>> futures, Deadline deadline = never) {
    for (Future<T>& future : as_completed(futures, deadline)) {
        future.get();
    }
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> values;
        values.reserve(futures.size());
        for (Future<T>& future : futures) {
            values.push_back(std::move(future).get());
        }
        return values;
    }
}

/// Waits for the first that succeeds and returns its value. If all fail it throws all their errors as one.
///
/// Suspends:  until one has succeeded or all have failed.
/// Cancel:    the futures are not affected.
/// Errors:    TimeoutError past `deadline`; std::invalid_argument if there are no futures; ExceptionGroup, in the order
///            of their failures, if all fail.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class T>
T any(std::vector<Future<T>> futures, Deadline deadline = never) {
    AsCompleted<T> completed(std::move(futures), deadline);
    std::vector<std::exception_ptr> errors;
    while (std::optional<Future<T>> future = completed.next()) {
        errors.push_back(future->exception());
        if (errors.back() == nullptr) {
            return std::move(*future).get();
        }
    }
    if (errors.empty()) {
        throw std::invalid_argument("weft: any: no futures");
    }
    throw ExceptionGroup(std::move(errors));
}

/// Waits for the first that ends and returns its value, or throws its error.
///
/// Suspends:  until one has ended.
/// Cancel:    the futures are not affected.
/// Errors:    TimeoutError past `deadline`; std::invalid_argument if there are no futures; the error of the first.
/// Threads:   any fiber or thread.
/// Since:     0.1
template <class T>
T race(std::vector<Future<T>> futures, Deadline deadline = never) {
    std::optional<Future<T>> first = AsCompleted<T>(std::move(futures), deadline).next();
    if (!first) {
        throw std::invalid_argument("weft: race: no futures");
    }
    return std::move(*first).get();
}

}  // namespace weft
