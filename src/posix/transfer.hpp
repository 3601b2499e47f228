// Try, and where that would block, park until it is worth trying again: for calls of libc's shape.
#pragma once

#include "posix/call.hpp"

#include <sys/types.h>

#include <cstddef>

namespace weft::impl {

/// After so many wake-ups that led to nothing the poller is not believed any more: that a socket may be written to says nothing
/// of the full queue of the one that a datagram is for, and others may always have been faster.
inline constexpr unsigned waits_in_vain = 8;

/// Calls attempt(), which does not block, until it has not failed for want of data or room. `whole`: what yields less has
/// emptied (or filled) the socket, and the next call need not try first; 0: nothing follows from the size.
template <class Attempt>
ssize_t try_until_done(FdCall& call, std::size_t whole, Attempt attempt) noexcept {
    Direction& direction = call.direction();
    for (unsigned waits = 0;; ++waits) {
        // A socket of the program's that does not block always gets its answer from the kernel.
        if (direction.ready || call.nonblocking()) {
            const ssize_t size = attempt();
            if (size >= 0) [[likely]] {
                if (static_cast<std::size_t>(size) < whole && size > 0) {
                    direction.ready = false;
                }
                return size;
            }
            if (!means_wait(errno)) {
                return -1;
            }
            if (call.nonblocking()) {
                call.missed();
                return -1;
            }
            direction.ready = false;
        }
        if (const int error = waits < waits_in_vain ? call.wait() : call.rest(); error != 0) [[unlikely]] {
            return fail(error == FdCall::lapsed ? EAGAIN : error);
        }
    }
}

/// The same for what goes out as a whole: part(done) sends what is left after so many bytes. An error after the first ones is
/// told by the next call, as the kernel does.
template <class Part>
ssize_t try_until_all(FdCall& call, std::size_t size, Part part) noexcept {
    std::size_t done = 0;
    do {
        const ssize_t sent = try_until_done(call, size - done, [&] { return part(done); });
        if (sent < 0) {
            return done != 0 ? static_cast<ssize_t>(done) : -1;
        }
        done += static_cast<std::size_t>(sent);
        if (done < size && call.nonblocking()) {
            break;
        }
    } while (done < size);
    return static_cast<ssize_t>(done);
}

}  // namespace weft::impl
