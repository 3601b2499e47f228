// RateLimiter: the bucket is one time point, that at which it will be full.
#include <weft/periodic/rate_limiter.hpp>

#include <weft/base/error.hpp>
#include <weft/core/run.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace weft {

RateLimiter::RateLimiter(std::uint32_t units, Duration per, std::uint32_t burst)
    : units_(units), per_(per), burst_(burst != 0 ? burst : units), full_at_(now()) {
    if (units == 0 || per <= Duration::zero()) {
        throw std::invalid_argument("weft: a RateLimiter needs positive units and time");
    }
}

/// How long it takes to earn them, rounded up.
Duration RateLimiter::price(std::uint32_t units) const noexcept {
    return Duration(impl::ceil_ns(units, per_.count(), units_));
}

void RateLimiter::check(std::uint32_t units) const {
    if (units > burst_) {
        throw std::invalid_argument("weft: more units than a RateLimiter ever has at once");
    }
}

TimePoint RateLimiter::ready_at(std::uint32_t units) const noexcept {
    return full_at_ - price(burst_ - units);
}

void RateLimiter::take(std::uint32_t units, TimePoint at) noexcept {
    full_at_ = std::max(full_at_, at) + price(units);
}

void RateLimiter::acquire(std::uint32_t units, Deadline deadline) {
    check(units);
    if (deadline.is_relative()) {
        deadline.fix(now());
    }
    turn_.lock(deadline);
    const std::lock_guard turn(turn_, std::adopt_lock);
    const TimePoint ready = ready_at(units);
    const TimePoint begin = now();
    if (ready > begin) {
        const TimePoint limit = deadline.resolve(begin);
        sleep_until(std::min(ready, limit));
        if (limit < ready) {
            throw TimeoutError("acquire of a rate limiter");
        }
    }
    take(units, now());
}

bool RateLimiter::try_acquire(std::uint32_t units) {
    check(units);
    const std::unique_lock turn(turn_, std::try_to_lock);
    const TimePoint at = now();
    if (!turn.owns_lock() || ready_at(units) > at) {
        return false;
    }
    take(units, at);
    return true;
}

}  // namespace weft
