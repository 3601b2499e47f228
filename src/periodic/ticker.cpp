// Ticker: when the next tick is due.
#include <weft/periodic/ticker.hpp>

#include <weft/base/error.hpp>

#include <stdexcept>

namespace weft {

Ticker::Ticker(Duration period, Missed missed) : period_(period), missed_(missed), due_(now() + period) {
    if (period <= Duration::zero()) {
        throw std::invalid_argument("weft: a Ticker needs a positive period");
    }
}

Tick Ticker::next(Deadline deadline) {
    const TimePoint begin = now();
    const TimePoint limit = deadline.resolve(begin);
    if (limit < due_) {
        sleep_until(limit);
        throw TimeoutError("wait for a tick");
    }
    sleep_until(due_);
    Tick tick{due_, 0};
    const Duration late = now() - due_;
    if (missed_ == Missed::skip && late >= period_) {
        tick.skipped = static_cast<std::uint64_t>(late / period_);
        tick.due += period_ * (late / period_);
    }
    due_ = tick.due + period_;
    return tick;
}

void Ticker::reset() noexcept { due_ = now() + period_; }

}  // namespace weft
