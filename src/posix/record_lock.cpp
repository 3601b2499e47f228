// Locks of files and of parts of them: tried again and again.
#include "posix/record_lock.hpp"

#include "posix/libc.hpp"

#include <weft/posix/descriptor.hpp>

namespace weft::impl {

namespace {

constexpr int without_waiting(int command) noexcept { return command == F_SETLKW ? F_SETLK : F_OFD_SETLK; }

}  // namespace

int wait_for_record_lock(int fd, int command, void* argument) {
    Hub* hub = fiber_hub();
    if (hub == nullptr) {
        return sys.fcntl(fd, command, argument);
    }
    return try_with_pauses(*hub, [=] { return sys.fcntl(fd, without_waiting(command), argument); });
}

}  // namespace weft::impl

namespace weft::posix {

int flock(int fd, int operation) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    if (hub == nullptr || (operation & (LOCK_NB | LOCK_UN)) != 0) {
        return impl::libc.flock(fd, operation);
    }
    return impl::try_with_pauses(*hub, [=] { return impl::libc.flock(fd, operation | LOCK_NB); });
}

int lockf(int fd, int command, off_t size) {
    if (command != F_LOCK || impl::fiber_hub() == nullptr) {
        return impl::libc.lockf(fd, command, size);
    }
    struct flock part {};
    part.l_type = F_WRLCK;
    part.l_whence = SEEK_CUR;
    part.l_len = size;
    return impl::wait_for_record_lock(fd, F_SETLKW, &part);
}

}  // namespace weft::posix
