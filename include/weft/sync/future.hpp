// A result that somebody sets once, for many who wait for it.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/sync/future_state.hpp>
#include <weft/time/deadline.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace weft {

/// The promise was destroyed before it was set.
class WEFT_API BrokenPromise : public std::runtime_error {
public:
    BrokenPromise();
    BrokenPromise(const BrokenPromise&) = default;
    BrokenPromise& operator=(const BrokenPromise&) = default;
    ~BrokenPromise() override;
};

/// The promise has been set before; what it was set to stays.
class WEFT_API PromiseAlreadySet : public std::logic_error {
public:
    PromiseAlreadySet();
    PromiseAlreadySet(const PromiseAlreadySet&) = default;
    PromiseAlreadySet& operator=(const PromiseAlreadySet&) = default;
    ~PromiseAlreadySet() override;
};

namespace impl {

/// A share of a state; what Future<T> does without knowing T.
class WEFT_API FutureHandle {
public:
    FutureHandle() noexcept = default;
    FutureHandle(const FutureHandle& other) noexcept : state_(other.state_) {
        if (state_ != nullptr) {
            state_->retain();
        }
    }
    FutureHandle(FutureHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    FutureHandle& operator=(FutureHandle other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~FutureHandle() {
        if (state_ != nullptr) {
            state_->release();
        }
    }

    /// False for an empty or moved-from future; all else needs a valid one.
    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

    /// Whether the result is there, be it a value or an error.
    [[nodiscard]] bool ready() const noexcept { return checked("ready").ready(); }

    /// Waits until the result is there, whichever it is.
    ///
    /// Suspends:  until the result has been set.
    /// Cancel:    the future is not affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread, several at once.
    /// Since:     0.1
    void wait(Deadline deadline = never) const { checked("wait").wait(deadline); }

    /// The error it was set to: null for a value. The result must be there. Counts as having seen the error.
    [[nodiscard]] std::exception_ptr exception() const;

    /// For wait_any() and its companions.
    Waitable waitable() const noexcept { return checked("a wait for several").waitable(); }

    // For the library: the future as one of several things that a fiber waits for.
    bool enlist(impl::WaitNode& node) noexcept { return state_->enlist(node); }
    bool delist(impl::WaitNode& node) noexcept { return state_->delist(node); }
    impl::FutureState* state() const noexcept { return state_; }

protected:
    /// Takes over one reference.
    explicit FutureHandle(FutureState* state) noexcept : state_(state) {}
    FutureState& checked(const char* operation) const noexcept;
    /// Waits, and throws the error if there is one.
    FutureState& collect(Deadline deadline) const;

private:
    FutureState* state_ = nullptr;
};

/// The owner of the duty to set a result; breaks its promise when it ends without.
class WEFT_API PromiseHandle {
public:
    PromiseHandle(PromiseHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    PromiseHandle& operator=(PromiseHandle&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::exchange(other.state_, nullptr);
        }
        return *this;
    }
    PromiseHandle(const PromiseHandle&) = delete;
    PromiseHandle& operator=(const PromiseHandle&) = delete;
    ~PromiseHandle() { close(); }

    /// False for a moved-from promise; all else needs a valid one.
    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

    /// Sets an error, which get() throws.
    /// Errors:    PromiseAlreadySet if there is a result.
    void set_exception(std::exception_ptr error) {
        if (!try_set_exception(std::move(error))) {
            refuse();
        }
    }
    /// As above; false if there is a result.
    bool try_set_exception(std::exception_ptr error);

protected:
    /// Takes over one reference.
    explicit PromiseHandle(FutureState* state) noexcept : state_(state) {}
    FutureState& checked(const char* operation) const noexcept;
    [[noreturn]] static void refuse();

private:
    void close() noexcept;
    FutureState* state_;
};

}  // namespace impl

template <class T>
class Promise;

/// The reading end: shared, as std::shared_future is. All copies mean one result, which is there until the last of
/// them is gone. An error that nobody has seen by then is reported, as a fiber's is, unless it is BrokenPromise.
template <class T = void>
class Future : public impl::FutureHandle {
public:
    /// An empty one.
    Future() noexcept = default;

    /// Waits for the result and returns it; repeatable. The reference is good as long as a copy of the future is.
    ///
    /// Suspends:  until the result has been set.
    /// Cancel:    the future is not affected.
    /// Errors:    TimeoutError past `deadline`; the error that was set; BrokenPromise.
    /// Threads:   any fiber or thread, several at once.
    /// Since:     0.1
    std::add_lvalue_reference_t<const T> get(Deadline deadline = never) const& {
        auto& state = static_cast<impl::TypedFutureState<T>&>(collect(deadline));
        if constexpr (std::is_reference_v<T>) {
            return *state.value();
        } else if constexpr (!std::is_void_v<T>) {
            return state.value();
        }
    }
    /// As above, by value: a copy. If T cannot be copied it is the value itself, and the other copies of the future
    /// do not have it any more.
    T get(Deadline deadline = never) && {
        auto& state = static_cast<impl::TypedFutureState<T>&>(collect(deadline));
        if constexpr (std::is_reference_v<T>) {
            return *state.value();
        } else if constexpr (std::is_copy_constructible_v<T>) {
            return state.sole() ? T(std::move(state.value())) : T(state.value());
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(state.value());
        }
    }

    /// Has a new fiber of this hub wait for the result and call fn(value), or fn() if there is no value; returns
    /// what that returns, as a future. An error of this future, or of fn, is the new one's. The fiber is detached:
    /// if it is cancelled, as at the end of run(), its promise is broken.
    ///
    /// Errors:    as spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F>
    auto then(F&& fn) const {
        checked("then");
        using Function = std::decay_t<F>;
        if constexpr (std::is_void_v<T>) {
            return attach<std::invoke_result_t<Function>>(
                [fn = Function(std::forward<F>(fn))](const Future& self) mutable -> decltype(auto) {
                    self.get();
                    return std::invoke(std::move(fn));
                });
        } else {
            using Value = std::add_lvalue_reference_t<const T>;
            return attach<std::invoke_result_t<Function, Value>>(
                [fn = Function(std::forward<F>(fn))](const Future& self) mutable -> decltype(auto) {
                    return std::invoke(std::move(fn), self.get());
                });
        }
    }

private:
    friend class Promise<T>;
    explicit Future(impl::FutureState* state) noexcept : FutureHandle(state) {}

    template <class R, class Step>
    Future<R> attach(Step step) const {
        Promise<R> promise;
        Future<R> result = promise.future();
        spawn_detached(SpawnOptions{.name = "then"},
                       [self = *this, made = std::move(promise), run = std::move(step)]() mutable {
                           made.set_from([&]() -> decltype(auto) { return run(self); });
                       });
        return result;
    }
};

/// The writing end, which has one owner; any fiber or thread. One that is destroyed unset is broken: those that
/// wait get BrokenPromise. For another result take another promise.
template <class T = void>
class Promise : public impl::PromiseHandle {
public:
    Promise() : PromiseHandle(new impl::TypedFutureState<T>) {}

    /// The reading end; may be asked for any number of times, before and after the result is set.
    [[nodiscard]] Future<T> future() const {
        impl::FutureState& state = checked("future");
        state.retain();
        return Future<T>(&state);
    }

    /// Sets the value, made from the arguments (none if T is void), and wakes all that wait in the order of their
    /// arrival. Never waits.
    /// Errors:    PromiseAlreadySet if there is a result; what making the value throws, and then nothing is set.
    template <class... Args>
    void set_value(Args&&... args) {
        if (!try_set_value(std::forward<Args>(args)...)) {
            refuse();
        }
    }
    /// As above; false if there is a result.
    template <class... Args>
    bool try_set_value(Args&&... args) {
        auto& state = static_cast<impl::TypedFutureState<T>&>(checked("set_value"));
        if (!state.reserve()) {
            return false;
        }
        try {
            if constexpr (std::is_reference_v<T>) {
                state.make(std::addressof(std::forward<Args>(args)...));
            } else {
                state.make(std::forward<Args>(args)...);
            }
        } catch (...) {
            state.unreserve();
            throw;
        }
        state.finish(nullptr);
        return true;
    }

    /// Calls fn() and sets what it returns or throws. Cancelled and FiberExit are no results: they come out.
    ///
    /// Suspends:  as fn does.
    /// Errors:    PromiseAlreadySet if there is a result.
    /// Threads:   any.
    /// Since:     0.1
    template <class F>
    void set_from(F&& fn) {
        bool fresh = false;
        try {
            if constexpr (std::is_void_v<T>) {
                std::invoke(std::forward<F>(fn));
                fresh = try_set_value();
            } else {
                fresh = try_set_value(std::invoke(std::forward<F>(fn)));
            }
        } catch (const Cancelled&) {
            throw;
        } catch (const FiberExit&) {
            throw;
        } catch (...) {
            fresh = try_set_exception(std::current_exception());
        }
        if (!fresh) {
            refuse();
        }
    }
};

}  // namespace weft
