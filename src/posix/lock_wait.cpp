// The limits of waits for locks.
#include "posix/lock_wait.hpp"

#include "base/sys.hpp"

namespace weft::impl {

namespace {

/// What is too far away is for ever, what is before the clock's begin has passed.
std::int64_t ns_of(const timespec& time) noexcept {
    std::int64_t ns = 0;
    if (time.tv_sec < 0) {
        return 0;
    }
    const bool too_far =
        __builtin_mul_overflow(std::int64_t{time.tv_sec}, std::int64_t{1'000'000'000}, &ns) ||
        __builtin_add_overflow(ns, std::int64_t{time.tv_nsec}, &ns);
    return too_far ? INT64_MAX : ns;
}

}  // namespace

LockLimit::LockLimit(clockid_t clock, const timespec& time) noexcept
    : time_(ns_of(time)), clock_(clock), limited_(true) {
    if (time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) {
        error_ = EINVAL;
    }
}

LockLimit LockLimit::from_now(Hub& hub, const timespec& length) noexcept {
    LockLimit limit(CLOCK_MONOTONIC, length);
    if (__builtin_add_overflow(limit.time_, hub.now(), &limit.time_)) {
        limit.time_ = INT64_MAX;
    }
    return limit;
}

Duration LockLimit::left(Hub& hub) const noexcept {
    if (time_ == INT64_MAX) {
        return Duration::max();
    }
    if (clock_ == CLOCK_MONOTONIC) {
        return Duration(time_ - hub.now());  // which tests may make
    }
    timespec now{};
    sys.clock_gettime(clock_, &now);
    return Duration(time_ - ns_of(now));
}

TimePoint LockLimit::until(Hub& hub, Duration pause) const noexcept {
    const Duration longest = limited_ ? std::min(left(hub), pause) : pause;
    return longest == Duration::max() ? TimePoint::max() : TimePoint(Duration(hub.now()) + longest);
}

}  // namespace weft::impl
