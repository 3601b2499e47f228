// A call that comes later, unless somebody changes his mind.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/time/deadline.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace weft {

namespace impl {
struct DelayState;
}  // namespace impl

/// A call to come; what call_later() returns. May be copied, and dropped: the call comes none the less.
class WEFT_API DelayedCall {
public:
    /// Of no call.
    DelayedCall() noexcept = default;

    /// Whether it is still to come.
    [[nodiscard]] bool pending() const noexcept;
    /// Takes it back; false if it has begun, was taken back, or there is none. Never waits. Any thread.
    bool cancel() noexcept;
    /// Puts it off: it comes `delay` from now instead. False, and nothing happens, where cancel() is. Any thread.
    bool reset(Duration delay) noexcept;

private:
    friend DelayedCall call_later(Duration delay, std::function<void()> fn);
    explicit DelayedCall(std::shared_ptr<impl::DelayState> state) noexcept : state_(std::move(state)) {}
    std::shared_ptr<impl::DelayState> state_;
};

/// Has a fiber of this hub call fn() after `delay`. What fn throws is reported. At the end of run() calls that have not
/// begun are dropped.
///
/// Errors:    as spawn().
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
[[nodiscard]] WEFT_API DelayedCall call_later(Duration delay, std::function<void()> fn);

/// Calls a function once things have been quiet for a while: each trigger() puts the call off. Calls never overlap. The
/// destructor drops a call that has not begun.
class WEFT_API Debouncer {
public:
    Debouncer(Duration quiet, std::function<void()> fn);
    Debouncer(const Debouncer&) = delete;
    Debouncer& operator=(const Debouncer&) = delete;
    ~Debouncer();

    /// The function is called, on the hub of the first trigger() since the last call, when none has followed for the
    /// quiet time. Never waits.
    ///
    /// Errors:    as spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    void trigger();

private:
    struct Job;
    Duration quiet_;
    std::shared_ptr<Job> job_;
    std::mutex lock_;
    DelayedCall call_;  // guarded by lock_
};

}  // namespace weft
