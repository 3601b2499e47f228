// Time points of any clock as limits of waits.
#pragma once

#include <weft/time/deadline.hpp>

#include <chrono>
#include <type_traits>

namespace weft::impl {

/// Other clocks than the steady one are read now; what is done to them later has no effect.
template <class Clock, class Length>
Deadline deadline_at(std::chrono::time_point<Clock, Length> time) {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
        return time;
    } else {
        return time - Clock::now();
    }
}

}  // namespace weft::impl
