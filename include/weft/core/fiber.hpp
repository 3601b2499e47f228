// Fibers: starting them, waiting for them, ending them.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/core/closure.hpp>
#include <weft/core/fiber_ref.hpp>
#include <weft/core/waitable.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weft {

/// How a fiber is started.
struct SpawnOptions {
    std::string_view name = {};  ///< shown in dumps and reports; copied
    std::size_t stack_size = 0;  ///< usable bytes, rounded up; 0: the hub's default (256 KiB unless set)
    HubRef hub = {};             ///< where it runs for life
    bool lazy = false;           ///< waits for its start(); no effect on a detached fiber
};

namespace impl {

/// What Fiber<T> does without knowing T.
class WEFT_API FiberHandle {
public:
    FiberHandle() noexcept = default;
    FiberHandle(FiberHandle&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    FiberHandle& operator=(FiberHandle&& other) noexcept;
    FiberHandle(const FiberHandle&) = delete;
    FiberHandle& operator=(const FiberHandle&) = delete;

    /// Cancels the fiber and joins it, as std::jthread does; an error that nobody has seen is reported.
    ~FiberHandle() { close(); }

    /// False for an empty, moved-from or detached handle; all else needs a valid one.
    [[nodiscard]] bool valid() const noexcept { return block_ != nullptr; }

    /// Waits until the fiber has finished, however it did.
    ///
    /// Suspends:  until the fiber has finished.
    /// Cancel:    the fiber is not affected.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread, several at once.
    /// Since:     0.1
    void join(Deadline deadline = never) const;

    /// Queues a fiber that was made with SpawnOptions::lazy; else nothing happens, so twice is as once. Whoever
    /// waits for such a fiber starts it too, and so does detach(). One that is cancelled or killed before, or whose
    /// handle ends, never runs. Any thread.
    void start() const;

    /// Whether it has finished.
    [[nodiscard]] bool ready() const noexcept;

    /// Whether it has finished, and that by returning.
    [[nodiscard]] bool successful() const noexcept;

    /// What it ended with: null if it has returned. FiberExit or Cancelled where it was killed or cancelled.
    /// The fiber must have finished. Counts as having seen the error.
    [[nodiscard]] std::exception_ptr exception() const;

    /// Level-triggered: each wait of the fiber throws Cancelled from now on, outside of its shields. Returns
    /// at once.
    void cancel() const;

    /// Edge-triggered: the next (or present) wait of the fiber throws `error`, FiberExit if null, once. A
    /// fiber that has not started never runs. Returns at once; join() waits for the end.
    void kill(std::exception_ptr error = nullptr) const;

    /// cancel(), then join().
    ///
    /// Suspends:  until the fiber has finished.
    /// Cancel:    the fiber stays cancelled.
    /// Errors:    TimeoutError past `deadline`: the fiber has not ended yet, or does not want to.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void cancel_and_join(Deadline deadline = never) const;

    /// kill(), then join().
    ///
    /// Suspends:  until the fiber has finished.
    /// Cancel:    the fiber stays killed.
    /// Errors:    TimeoutError past `deadline`: the fiber has not ended yet, or has survived.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void kill_and_join(std::exception_ptr error = nullptr, Deadline deadline = never) const;

    /// Calls `fn` once, after the fiber has finished; link_value() only if it has returned, link_exception() only if
    /// not, which counts as having seen the error. A fiber's links are called in the order in which they were added,
    /// one after the other, in a fiber of their own on the same hub (on the caller's if that has ended): they may
    /// wait. One added after the end, or by a link, is called too. What a link throws is reported, and the others go
    /// on. A main fiber ends with its hub and calls none.
    LinkToken link(Link fn) const;
    LinkToken link_value(Link fn) const;
    LinkToken link_exception(Link fn) const;
    /// Takes back a link that has not been called yet; false if there is none.
    bool unlink(LinkToken token) const;

    /// Lets the fiber go on alone; its error, if any, is reported when it ends. Empties the handle.
    void detach() noexcept;

    /// The fiber's end, for wait_any() and its companions.
    Waitable waitable() const;

    [[nodiscard]] FiberRef ref() const;
    [[nodiscard]] std::uint64_t id() const noexcept;
    [[nodiscard]] std::string_view name() const noexcept;

protected:
    explicit FiberHandle(FiberBlock* block) noexcept : block_(block) {}
    /// Joins, and throws what the fiber ended with.
    ClosureBase& collect(Deadline deadline) const;

private:
    void close() noexcept;
    FiberBlock* block_ = nullptr;
};

/// Room for a closure on a new fiber's stack. The block is not yet known to any hub.
struct NewFiber {
    FiberBlock* block;
    void* closure;
};
[[nodiscard]] WEFT_API NewFiber make_fiber(const SpawnOptions& options, std::size_t bytes,
                                           std::size_t alignment);
/// Gives it up again: its closure could not be made.
WEFT_API void unmake_fiber(FiberBlock* block) noexcept;
/// Queues it at its hub.
WEFT_API void start_fiber(FiberBlock* block, ClosureBase* closure, const SpawnOptions& options,
                          bool detached);

template <class F, class... Args>
using SpawnResult = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;

template <class F, class... Args>
FiberBlock* spawn_closure(const SpawnOptions& options, bool detached, F&& fn, Args&&... args) {
    using Made = Closure<SpawnResult<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>;
    const NewFiber fresh = make_fiber(options, sizeof(Made), alignof(Made));
    ClosureBase* closure = nullptr;
    try {
        closure = ::new (fresh.closure) Made(std::forward<F>(fn), std::forward<Args>(args)...);
    } catch (...) {
        unmake_fiber(fresh.block);
        throw;
    }
    start_fiber(fresh.block, closure, options, detached);
    return fresh.block;
}

}  // namespace impl

/// The owner of a fiber whose function returns T. Move-only; its destructor cancels and joins.
template <class T = void>
class [[nodiscard]] Fiber : public impl::FiberHandle {
public:
    Fiber() noexcept = default;

    /// Waits for the fiber and returns what its function returned; repeatable.
    ///
    /// Suspends:  until the fiber has finished.
    /// Cancel:    the fiber is not affected.
    /// Errors:    TimeoutError past `deadline`; what the function threw, each time; FiberExit if it was
    /// killed,
    ///            Cancelled if it was cancelled.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::add_lvalue_reference_t<T> get(Deadline deadline = never) & {
        auto& slot = static_cast<impl::ResultSlot<T>&>(collect(deadline));
        if constexpr (!std::is_void_v<T>) {
            return *slot.value;
        }
    }
    /// As above; moves the value out.
    T get(Deadline deadline = never) && {
        auto& slot = static_cast<impl::ResultSlot<T>&>(collect(deadline));
        if constexpr (std::is_reference_v<T>) {
            return *slot.value;
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(*slot.value);
        }
    }

private:
    explicit Fiber(impl::FiberBlock* block) noexcept : FiberHandle(block) {}
    template <class F, class... Args>
    friend Fiber<impl::SpawnResult<F, Args...>> spawn(const SpawnOptions&, F&&, Args&&...);
};

/// Queues a fiber that calls fn(args...), and goes on; the fiber runs when the caller waits. Function and
/// arguments are copied or moved as std::thread does (std::ref for references). A thread without a hub gets
/// one.
///
/// Errors:    std::system_error if there is no room for its stack or no hub can be made;
/// std::invalid_argument for a
///            hub that has ended.
/// Threads:   any.
/// Since:     0.1
template <class F, class... Args>
Fiber<impl::SpawnResult<F, Args...>> spawn(const SpawnOptions& options, F&& fn, Args&&... args) {
    return Fiber<impl::SpawnResult<F, Args...>>(
        impl::spawn_closure(options, false, std::forward<F>(fn), std::forward<Args>(args)...));
}
template <class F, class... Args>
requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) Fiber<impl::SpawnResult<F, Args...>> spawn(
    F&& fn, Args&&... args) {
    return spawn(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
}

/// As spawn(), without a handle: nobody waits for it, and what it throws is reported when it ends.
template <class F, class... Args>
void spawn_detached(const SpawnOptions& options, F&& fn, Args&&... args) {
    impl::spawn_closure(options, true, std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class F, class... Args>
requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) void spawn_detached(F&& fn, Args&&... args) {
    spawn_detached(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
}

/// Lets the other ready fibers of this hub run first. Returns at once if there are none.
///
/// Suspends:  until the others have had their turn.
/// Cancel:    throws Cancelled like any wait.
/// Threads:   any; a thread without a hub gives up its time slice.
/// Since:     0.1
WEFT_API void yield();

}  // namespace weft
