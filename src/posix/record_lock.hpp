// Locks of files and of parts of them, which the kernel tells no poller about.
#pragma once

#include "posix/call.hpp"

#include <algorithm>
#include <chrono>

namespace weft::impl {

/// Calls attempt() again and again, with growing pauses, until it is not -1 for want of something that nobody tells of. A thread
/// that waited for it in the kernel could not be called back when its fiber is interrupted, and would take it for nobody.
template <class Attempt>
int try_with_pauses(Hub& hub, Attempt attempt) noexcept {
    if (const int error = begin_call(hub); error != 0) {
        return fail(error);
    }
    Duration pause = std::chrono::microseconds(200);
    for (;;) {
        const int result = attempt();
        if (result != -1 || (errno != EAGAIN && errno != EACCES)) {
            return result;
        }
        if (const int error = rest_until(Deadline(pause), true); error != 0) {
            return fail(error);
        }
        pause = std::min(pause * 2, Duration(std::chrono::milliseconds(10)));
    }
}

/// fcntl(fd, F_SETLKW or F_OFD_SETLKW, argument).
int wait_for_record_lock(int fd, int command, void* argument);

}  // namespace weft::impl
