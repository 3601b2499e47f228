// The wait for one direction of one descriptor, as what stands above it sees it: it throws no interruption.
#pragma once

#include "core/park_inline.hpp"
#include "io/fd_table.hpp"

#include <weft/time/deadline.hpp>

#include <cerrno>

namespace weft::impl {

/// Whether a call that does not block has found nothing, or no room.
constexpr bool means_wait(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

/// How a wait for a descriptor has ended: `error` is 0, or why it was woken without being ready.
struct IoParked {
    Wake how;
    int error;
};

/// Parks the running fiber until the direction is worth trying. `next_use` is what it will look at first when it goes on.
/// Throws std::bad_alloc.
[[nodiscard, gnu::always_inline]] inline IoParked park_on(Hub& hub, FdState& state, Direction& direction,
                                                          WaitReason why, const void* next_use,
                                                          Deadline& deadline) {
    FdTable::of(hub).watch(state, direction);
    IoRecord record(direction, direction.watch.fd, why);
    FiberBlock& fiber = hub.running();
    direction.waiters.push(record.node);
    direction.watch.waiter = &fiber;
    direction.watch.waiter_record = &record.fiber;
    fiber.next_use[0] = next_use;
    fiber.next_use[1] = &state.write;
    const OutsideWait outside(&hub);
    const Wake how = park_inline(record, deadline);
    hub.prefetch_next();
    fiber.io_done = 0;
    return {how, record.error};
}

/// Operations that a fiber may do without waiting before others get their turn.
inline constexpr std::int16_t operations_per_turn = 4;

}  // namespace weft::impl
