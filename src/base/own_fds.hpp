// The descriptors that the library itself lives by (a hub's epoll and eventfd). They lie at high numbers, out of the way of programs
// that hand out numbers themselves, and what closes descriptors by the range passes them over.
#pragma once

namespace weft::impl {

/// Moves a descriptor of the library's own to a high number, if there is one free, and notes it. Returns where it is now; a
/// negative one is returned as it is.
int keep_own_fd(int fd) noexcept;
/// Closes it.
void close_own_fd(int fd) noexcept;
/// Whether the number is in use by the library. Any thread, also a signal handler.
bool is_own_fd(int fd) noexcept;
/// The first one at or after `fd`, or -1.
int next_own_fd(int fd) noexcept;

}  // namespace weft::impl
