// So much in so long, and no more.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>

namespace weft {

/// A token bucket: `units` may be taken every `per`, evenly, and up to `burst` of them at once after a time of rest. Those
/// that wait are served in the order of their arrival.
class WEFT_API RateLimiter {
public:
    /// A `burst` of 0 means `units`. The bucket is full at the beginning.
    /// Errors:    std::invalid_argument unless `units` and `per` are positive.
    RateLimiter(std::uint32_t units, Duration per, std::uint32_t burst = 0);

    /// Takes `units`.
    ///
    /// Suspends:  until they are there, and all who came before have been served.
    /// Cancel:    nothing is taken.
    /// Errors:    TimeoutError past `deadline`; std::invalid_argument for more units than the burst.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void acquire(std::uint32_t units = 1, Deadline deadline = never);

    /// Takes `units` if they are there and nobody waits. Never waits. Any fiber or thread.
    /// Errors:    std::invalid_argument for more units than the burst.
    [[nodiscard]] bool try_acquire(std::uint32_t units = 1);

private:
    Duration price(std::uint32_t units) const noexcept;
    void check(std::uint32_t units) const;
    /// When the bucket will hold `units`.
    TimePoint ready_at(std::uint32_t units) const noexcept;
    void take(std::uint32_t units, TimePoint at) noexcept;

    const std::uint32_t units_;
    const Duration per_;
    const std::uint32_t burst_;
    Mutex turn_;         // of those that wait only the first looks at the clock
    TimePoint full_at_;  // guarded by turn_: when the bucket is full again if nobody takes anything
};

}  // namespace weft
