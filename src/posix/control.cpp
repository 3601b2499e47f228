// fcntl and ioctl: what they set is remembered, what waits parks, and everything else reaches the kernel as it came.
#include <weft/posix/descriptor.hpp>

#include "posix/fd_record.hpp"
#include "posix/libc.hpp"
#include "posix/record_lock.hpp"

#include <cstdarg>

namespace weft::posix {

using impl::FdRecord;

namespace {

/// The program has set O_NONBLOCK, or cleared it.
void note_nonblocking(int fd, bool is_set) noexcept {
    if (FdRecord* record = impl::known_record(fd)) {
        is_set ? record->set(FdRecord::nonblocking) : record->clear(FdRecord::nonblocking);
    }
}

}  // namespace

int fcntl(int fd, int command, ...) {
    std::va_list more;
    va_start(more, command);
    // Numbers and addresses come alike; what the command does not take is not looked at.
    void* const argument = va_arg(more, void*);
    va_end(more);
    if (command == F_SETLKW || command == F_OFD_SETLKW) {
        return impl::wait_for_record_lock(fd, command, argument);
    }
    const int result = impl::sys.fcntl(fd, command, argument);
    if (result < 0) {
        return result;
    }
    if (command == F_SETFL) {
        note_nonblocking(fd, (reinterpret_cast<std::uintptr_t>(argument) & O_NONBLOCK) != 0);
    } else if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        impl::share(fd);
        impl::begin_shared(result);
    }
    return result;
}

int ioctl(int fd, unsigned long request, ...) noexcept {
    std::va_list more;
    va_start(more, request);
    void* const argument = va_arg(more, void*);
    va_end(more);
    const int result = impl::libc.ioctl(fd, request, argument);
    if (result == 0 && request == FIONBIO) {
        note_nonblocking(fd, *static_cast<const int*>(argument) != 0);
    }
    return result;
}

}  // namespace weft::posix
