// Closing a descriptor.
#include "base/unique_fd.hpp"

#include <cerrno>

namespace weft {

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old < 0) {
        return;
    }
    const int saved = errno;
    // Never repeated at EINTR: Linux has released the number by then, and another thread may already own it.
    impl::sys.close(old);
    errno = saved;
}

}  // namespace weft
