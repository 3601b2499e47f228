// The wait for one direction of one descriptor, as what stands above it sees it: it throws no interruption.
#pragma once

#include "io/fd_table.hpp"

#include <weft/time/deadline.hpp>

namespace weft::impl {

/// How a wait for a descriptor has ended: `error` is 0, or why it was woken without being ready.
struct IoParked {
    Wake how;
    int error;
};

/// Parks the running fiber until the direction is worth trying. `next_use` is what it will look at first when it goes on.
/// Throws std::bad_alloc.
[[nodiscard]] IoParked park_on(Hub& hub, FdState& state, Direction& direction, WaitReason why,
                               const void* next_use, Deadline& deadline);

/// Operations that a fiber may do without waiting before others get their turn.
inline constexpr std::int16_t operations_per_turn = 4;

}  // namespace weft::impl
