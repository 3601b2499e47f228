// Input and output that parks the fiber instead of blocking the thread. Results as in libc, but for what
// waits: 0 or an errno value, never EAGAIN or EINTR; ETIMEDOUT past the deadline, EBADF once the descriptor
// is closed. Cancellation and kill are thrown, and then nothing has been taken or sent.
//
// On a thread without a hub the same calls block the thread.
#pragma once

#include "io/descriptor.hpp"

#include <weft/time/deadline.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

namespace weft::impl {

/// Waits until a read (or accept) is worth trying. 0 or an errno value.
[[nodiscard]] int wait_readable(Descriptor& descriptor, Deadline& deadline);
/// Waits until a write (or the end of a connect) is worth trying. 0 or an errno value.
[[nodiscard]] int wait_writable(Descriptor& descriptor, Deadline& deadline);

/// The result of a transfer: bytes, or -1 and the error.
struct Transfer {
    ssize_t size = -1;
    int error = 0;
};

/// Any socket; always tries first.
[[nodiscard]] Transfer recvmsg(Descriptor& descriptor, msghdr& message, int flags, Deadline& deadline);
[[nodiscard]] Transfer sendmsg(Descriptor& descriptor, const msghdr& message, int flags, Deadline& deadline);

/// Accepts a connection; its descriptor is non-blocking and close-on-exec. The listener must be non-blocking.
/// Transfer::size is the descriptor.
[[nodiscard]] Transfer accept(Descriptor& listener, sockaddr* peer, socklen_t* length, Deadline& deadline);
/// Connects a non-blocking socket. 0 or an errno value.
[[nodiscard]] int connect(Descriptor& socket, const sockaddr* peer, socklen_t length, Deadline& deadline);

}  // namespace weft::impl
