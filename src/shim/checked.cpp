// The fortified names, which programs compiled with _FORTIFY_SOURCE call instead of the plain ones: the size of the buffer is
// checked as libc does it, and the plain function of the shim does the rest.
#include "shim/originals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>

extern "C" [[noreturn]] void __chk_fail();  // NOLINT(bugprone-reserved-identifier): libc's

namespace {

void check(bool fits) {
    if (!fits) [[unlikely]] {
        __chk_fail();
    }
}

}  // namespace

WEFT_SHIM(__read_chk, ssize_t, (int fd, void* to, std::size_t size, std::size_t room)) {
    check(size <= room);
    return ::read(fd, to, size);
}

WEFT_SHIM(__pread_chk, ssize_t, (int fd, void* to, std::size_t size, off_t offset, std::size_t room)) {
    check(size <= room);
    return ::pread(fd, to, size, offset);
}

WEFT_SHIM(__recv_chk, ssize_t, (int fd, void* to, std::size_t size, std::size_t room, int flags)) {
    check(size <= room);
    return ::recv(fd, to, size, flags);
}

WEFT_SHIM(__recvfrom_chk, ssize_t,
          (int fd, void* to, std::size_t size, std::size_t room, int flags, sockaddr* from,
           socklen_t* length)) {
    check(size <= room);
    return ::recvfrom(fd, to, size, flags, from, length);
}

WEFT_SHIM(__poll_chk, int, (pollfd * entries, nfds_t count, int timeout, std::size_t room)) {
    check(room / sizeof *entries >= count);
    return ::poll(entries, count, timeout);
}

WEFT_SHIM(__ppoll_chk, int,
          (pollfd * entries, nfds_t count, const timespec* limit, const sigset_t* mask, std::size_t room)) {
    check(room / sizeof *entries >= count);
    return ::ppoll(entries, count, limit, mask);
}

// A mode that is needed and was not given: libc's own function says so and ends the program.

WEFT_SHIM(__open_2, int, (const char* path, int flags)) {
    return __OPEN_NEEDS_MODE(flags) ? WEFT_ORIGINAL(__open_2, int, (const char*, int))(path, flags)
                                    : ::open(path, flags);
}

WEFT_SHIM(__openat_2, int, (int directory, const char* path, int flags)) {
    return __OPEN_NEEDS_MODE(flags)
               ? WEFT_ORIGINAL(__openat_2, int, (int, const char*, int))(directory, path, flags)
               : ::openat(directory, path, flags);
}
