// A limit on a wait, eight bytes: never, a time point of the steady clock, or a duration that starts at the
// first wait.
#pragma once

#include <weft/base/export.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace weft {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

namespace impl {

/// A duration that is not a number is a caller's bug: says so and stops the program.
[[noreturn]] WEFT_API void deadline_is_not_a_number() noexcept;

inline constexpr std::int64_t forever_ns = std::numeric_limits<std::int64_t>::max();

/// count * num / den in nanoseconds, rounded up. What is too long for 292 years is for ever, what is negative
/// is 0.
template <std::integral Rep>
constexpr std::int64_t ceil_ns(Rep count, std::int64_t num, std::int64_t den) noexcept {
    if (count <= 0) {
        return 0;
    }
    // Whole denominators first, so that the product overflows only where the result does.
    const auto value = static_cast<std::uint64_t>(count);
    const auto divisor = static_cast<std::uint64_t>(den);
    std::int64_t whole = 0;
    std::int64_t part = 0;
    std::int64_t sum = 0;
    if (__builtin_mul_overflow(value / divisor, num, &whole) ||
        __builtin_mul_overflow(value % divisor, num, &part) ||
        __builtin_add_overflow(whole, part / den + (part % den != 0 ? 1 : 0), &sum)) {
        return forever_ns;
    }
    return sum;
}

/// At least in double precision: a float of seconds cannot hold nanoseconds.
template <std::floating_point Rep>
constexpr std::int64_t ceil_ns(Rep count, std::int64_t num, std::int64_t den) noexcept {
    using Wide = std::common_type_t<Rep, double>;
    const Wide value = static_cast<Wide>(count) * static_cast<Wide>(num) / static_cast<Wide>(den);
    if (value != value) {
        deadline_is_not_a_number();
    }
    if (value <= 0) {
        return 0;
    }
    if (value >= static_cast<Wide>(forever_ns)) {
        return forever_ns;
    }
    const auto whole = static_cast<std::int64_t>(value);
    return static_cast<Wide>(whole) < value ? whole + 1 : whole;
}

template <class Rep, class Period>
constexpr std::int64_t ceil_ns(std::chrono::duration<Rep, Period> length) noexcept {
    using Scale = std::ratio_divide<Period, std::nano>;
    return ceil_ns(length.count(), Scale::num, Scale::den);
}

}  // namespace impl

/// The limit that every waiting call takes as its last parameter.
///
/// Made without reading a clock, implicitly:
///  - `never` (or nothing): no limit;
///  - from a duration: that long from the first wait under it, never shorter. Zero and negative durations are
///  due at
///    once: the call takes what is ready and else times out. Fractions of a nanosecond are rounded up; what
///    exceeds 292 years is `never`; not-a-number stops the program with a message;
///  - from a time point of `std::chrono::steady_clock`. One before the clock's epoch is due at once.
class Deadline {
public:
    constexpr Deadline() noexcept = default;

    template <class Rep, class Period>
    requires std::is_arithmetic_v<Rep>
    constexpr Deadline(std::chrono::duration<Rep, Period> from_first_wait) noexcept {
        const std::int64_t length = impl::ceil_ns(from_first_wait);
        bits_ = length == impl::forever_ns ? impl::forever_ns : ~length;
    }

    template <class Length>
    constexpr Deadline(std::chrono::time_point<std::chrono::steady_clock, Length> when) noexcept
        : bits_(impl::ceil_ns(when.time_since_epoch())) {}

    [[nodiscard]] constexpr bool is_never() const noexcept { return bits_ == impl::forever_ns; }

    /// True as long as it is a duration that has not begun.
    [[nodiscard]] constexpr bool is_relative() const noexcept { return bits_ < 0; }

    /// The time point it stands for if it begins now; `TimePoint::max()` for never.
    [[nodiscard]] constexpr TimePoint resolve(TimePoint now) const noexcept {
        if (!is_relative()) {
            return TimePoint{Duration{bits_}};
        }
        std::int64_t when = 0;
        if (__builtin_add_overflow(now.time_since_epoch().count(), ~bits_, &when)) {
            when = impl::forever_ns;
        }
        return TimePoint{Duration{when}};
    }

    /// Begins it: a duration becomes a time point, the others stay as they are.
    constexpr void fix(TimePoint now) noexcept { *this = Deadline{resolve(now)}; }

    /// The same limit in the same form: a duration never equals a time point.
    friend constexpr bool operator==(Deadline, Deadline) noexcept = default;

private:
    static_assert(std::is_same_v<std::chrono::steady_clock::duration, Duration>);

    // Not negative: a time point in steady nanoseconds, the largest being never. Negative: a duration,
    // inverted.
    std::int64_t bits_ = impl::forever_ns;
};

/// No limit.
inline constexpr Deadline never{};

}  // namespace weft
