// Waiting for several descriptors at once, and for signals that only this wait lets through.
#pragma once

#include "core/hub.hpp"

#include <weft/time/deadline.hpp>

#include <poll.h>
#include <signal.h>

namespace weft::impl {

/// ppoll() in a fiber, which parks until one of the entries has something to say or the deadline has passed. `mask` may be null.
/// As libc's: a count, or -1 and errno. `restarts`: a signal's handler with SA_RESTART does not end it.
int poll_in_fiber(Hub& hub, pollfd* entries, nfds_t count, Deadline deadline, const sigset_t* mask,
                  bool restarts = false) noexcept;

/// The limits of libc's calls. Milliseconds below 0: never; a null time: never. False: not a time.
Deadline deadline_of_ms(int timeout_ms) noexcept;
bool deadline_of(const timespec* limit, Deadline& deadline) noexcept;

}  // namespace weft::impl
