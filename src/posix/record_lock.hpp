// Locks of files and of parts of them, which the kernel tells no poller about.
#pragma once

namespace weft::impl {

/// fcntl(fd, F_SETLKW or F_OFD_SETLKW, argument).
int wait_for_record_lock(int fd, int command, void* argument) noexcept;

}  // namespace weft::impl
