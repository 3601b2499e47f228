// Descriptors whose numbers come to mean something else.
#include "posix/end_use.hpp"

#include "io/fd_hubs.hpp"
#include "posix/fd_record.hpp"

#include <cerrno>

namespace weft::impl {

void end_use(int fd) noexcept {
    const int error = errno;
    if (FdRecord* record = known_record(fd)) {
        record->forget();
    }
    forget_everywhere(fd);
    errno = error;
}

void end_use_of_stream(FILE* stream) noexcept {
    const int error = errno;
    if (const int fd = stream != nullptr ? ::fileno(stream) : -1; fd >= 0) {
        end_use(fd);
    }
    errno = error;
}

}  // namespace weft::impl
