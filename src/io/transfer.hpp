// Try, and where that would block, park until the poller says that it is worth trying again: compiled into the calls that
// programs make most.
#pragma once

#include "base/sys.hpp"
#include "core/hub.hpp"
#include "io/io.hpp"
#include "io/native_wait.hpp"
#include "io/park_on.hpp"

#include <cerrno>

namespace weft::impl {

/// The fiber has done as many operations as it may: the others first. Throws an interruption, as the operation would.
void take_turns(Hub& hub);

/// Before an operation, so that an interruption finds nothing taken.
inline void spend_turn(Hub& hub) {
    if (hub.running().io_done++ >= operations_per_turn) [[unlikely]] {
        take_turns(hub);
    }
}

[[gnu::always_inline]] inline int park_for(Hub& hub, const Descriptor& descriptor, FdState& state,
                                           Direction& direction, WaitReason why, Deadline& deadline) {
    const IoParked parked = park_on(hub, state, direction, why, &descriptor, deadline);
    if (parked.how == Wake::interrupted) [[unlikely]] {
        throw_interrupt();
    }
    return parked.how == Wake::timed_out ? ETIMEDOUT : parked.error;
}

/// wait_readable() or wait_writable().
template <bool Write>
[[gnu::always_inline]] inline int wait_for(Descriptor& descriptor, Deadline& deadline) {
    Hub* hub = Hub::current();
    const int fd = descriptor.fd();
    if (fd < 0) [[unlikely]] {
        return EBADF;
    }
    if (hub == nullptr) [[unlikely]] {
        return await_natively(fd, Write, deadline);
    }
    FdState& state = FdTable::of(*hub).at(fd);
    return park_for(*hub, descriptor, state, Write ? state.write : state.read,
                    Write ? WaitReason::writable : WaitReason::readable, deadline);
}

/// Calls attempt(fd) until it neither would block nor was interrupted by a signal. `whole` is what a transfer
/// yields if there may be more at once: less than that ends the direction's readiness.
template <bool Write, class Attempt>
[[gnu::always_inline]] inline Transfer transfer(Descriptor& descriptor, Deadline& deadline, std::size_t whole,
                                                Attempt attempt) {
    Hub* hub = Hub::current();
    if (hub == nullptr) [[unlikely]] {
        return transfer_natively(descriptor.fd(), Write, deadline, attempt);
    }
    spend_turn(*hub);
    for (;;) {
        const int fd = descriptor.fd();
        if (fd < 0) [[unlikely]] {
            return {-1, EBADF};
        }
        FdState& state = FdTable::of(*hub).at(fd);
        Direction& direction = Write ? state.write : state.read;
        if (direction.ready) {
            const ssize_t size = attempt(fd);
            if (size >= 0) [[likely]] {
                // The end of a stream (0) stays readable.
                if (static_cast<std::size_t>(size) < whole && size > 0) {
                    direction.ready = false;
                }
                return {size, 0};
            }
            if (errno == EINTR) {
                continue;
            }
            if (!means_wait(errno)) {
                return {-1, errno};
            }
            direction.ready = false;
        }
        constexpr WaitReason why = Write ? WaitReason::writable : WaitReason::readable;
        if (const int error = park_for(*hub, descriptor, state, direction, why, deadline); error != 0)
            [[unlikely]] {
            return {-1, error};
        }
    }
}

/// Stream sockets: after a short read the next one waits without trying first.
[[nodiscard, gnu::always_inline]] inline Transfer recv(Descriptor& descriptor, void* to, std::size_t size,
                                                       Deadline& deadline) {
    return transfer<false>(descriptor, deadline, size,
                           [=](int fd) { return sys.recv(fd, to, size, MSG_DONTWAIT); });
}

/// One send, which may be short.
[[nodiscard, gnu::always_inline]] inline Transfer send(Descriptor& descriptor, const void* from,
                                                       std::size_t size, Deadline& deadline) {
    return transfer<true>(descriptor, deadline, size,
                          [=](int fd) { return sys.send(fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

}  // namespace weft::impl
