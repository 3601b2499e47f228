// Functions that take what their other arguments say: it is handed on as it came.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include <weft/posix/descriptor.hpp>

#include <sys/types.h>

#include <cstdarg>

using weft::impl::book_gate;
using weft::shim::Group;

WEFT_SHIM(fcntl, int, (int fd, int command, ...)) {
    std::va_list more;
    va_start(more, command);
    void* const argument = va_arg(more, void*);
    va_end(more);
    return book_gate(Group::book) ? weft::posix::fcntl(fd, command, argument)
                                  : WEFT_ORIGINAL(fcntl, int, (int, int, ...))(fd, command, argument);
}

WEFT_SHIM(ioctl, int, (int fd, unsigned long request, ...)) {
    std::va_list more;
    va_start(more, request);
    void* const argument = va_arg(more, void*);
    va_end(more);
    return book_gate(Group::book)
               ? weft::posix::ioctl(fd, request, argument)
               : WEFT_ORIGINAL(ioctl, int, (int, unsigned long, ...))(fd, request, argument);
}

// The mode is there or not: read in any case, and looked at where the flags ask for it.
WEFT_SHIM(open, int, (const char* path, int flags, ...)) {
    std::va_list more;
    va_start(more, flags);
    const mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return book_gate(Group::book) ? weft::posix::open(path, flags, mode)
                                  : WEFT_ORIGINAL(open, int, (const char*, int, ...))(path, flags, mode);
}

WEFT_SHIM(openat, int, (int directory, const char* path, int flags, ...)) {
    std::va_list more;
    va_start(more, flags);
    const mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return book_gate(Group::book)
               ? weft::posix::openat(directory, path, flags, mode)
               : WEFT_ORIGINAL(openat, int, (int, const char*, int, ...))(directory, path, flags, mode);
}
