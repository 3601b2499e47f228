// What a future and its promise share, whatever the type of the value. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/waitable.hpp>
#include <weft/sync/wait_queue.hpp>
#include <weft/time/deadline.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft::impl {

/// Told by whoever sets a result that it is there; must neither wait nor throw nor touch the same result.
struct FutureObserver {
    void (*tell)(FutureObserver&) noexcept = nullptr;
    FutureObserver* prev = nullptr;
    FutureObserver* next = nullptr;
    bool linked = false;
};

/// A result that is set once: first reserve(), then the value is written, then finish(). Counts who refers to it.
class WEFT_API FutureState {
public:
    using Destroy = void (*)(FutureState&) noexcept;

    explicit FutureState(Destroy destroy) noexcept : destroy_(destroy) {}
    FutureState(const FutureState&) = delete;
    FutureState& operator=(const FutureState&) = delete;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept;
    /// Whether nobody but the caller refers to it.
    bool sole() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

    /// True for the first who is going to set it.
    bool reserve() noexcept { return !reserved_.exchange(true, std::memory_order_acq_rel); }
    void unreserve() noexcept { reserved_.store(false, std::memory_order_release); }
    void finish(std::exception_ptr error) noexcept;
    /// Sets BrokenPromise, unless somebody has set something.
    void break_promise() noexcept;

    bool ready() const noexcept {
        // acquire: pairs with finish().
        return (queue_.word.load(std::memory_order_acquire) & set_flag) != 0;
    }
    void wait(Deadline deadline);
    /// What it was set to; counts as having seen it. Only once it is ready.
    const std::exception_ptr& error() noexcept;

    Waitable waitable() noexcept;
    bool enlist(WaitNode& node) noexcept;
    bool delist(WaitNode& node) noexcept;
    /// False, and nothing is told, if it is ready.
    WEFT_INTERNAL bool observe(FutureObserver& observer) noexcept;
    /// After it the observer is not told any more.
    WEFT_INTERNAL void unobserve(FutureObserver& observer) noexcept;

protected:
    ~FutureState() = default;

private:
    friend struct ObjectLayout;
    static constexpr std::uint32_t set_flag = WaitQueue::state_unit;

    WaitQueue queue_{0};
    std::atomic<std::uint32_t> references_{1};
    std::atomic<bool> reserved_{false};
    std::atomic<bool> collected_{false};  ///< somebody has seen the error
    std::exception_ptr error_;
    Destroy destroy_;
    FutureObserver* observers_ = nullptr;  ///< guarded by a claim of the queue
};

/// How a value of type T is kept.
template <class T>
using StoredResult = std::conditional_t<
    std::is_void_v<T>, std::monostate,
    std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, std::remove_cv_t<T>>>;

template <class T>
class TypedFutureState final : public FutureState {
public:
    TypedFutureState() noexcept : FutureState(&destroy) {}
    /// Between reserve() and finish().
    template <class... Args>
    void make(Args&&... args) {
        value_.emplace(std::forward<Args>(args)...);
    }
    StoredResult<T>& value() noexcept { return *value_; }

private:
    static void destroy(FutureState& state) noexcept { delete static_cast<TypedFutureState*>(&state); }

    std::optional<StoredResult<T>> value_;
};

}  // namespace weft::impl
