// Locks of files: tried again and again, since a thread that waits in the kernel could not be called back when its fiber is
// interrupted, and would take the lock for nobody.
#include "posix/record_lock.hpp"

#include "posix/call.hpp"
#include "posix/libc.hpp"

#include <algorithm>

namespace weft::impl {

namespace {

constexpr int without_waiting(int command) noexcept { return command == F_SETLKW ? F_SETLK : F_OFD_SETLK; }

}  // namespace

int wait_for_record_lock(int fd, int command, void* argument) noexcept {
    Hub* hub = fiber_hub();
    if (hub == nullptr) {
        return sys.fcntl(fd, command, argument);
    }
    if (const int error = begin_call(*hub); error != 0) {
        return fail(error);
    }
    Duration pause = std::chrono::microseconds(200);
    for (;;) {
        const int result = sys.fcntl(fd, without_waiting(command), argument);
        if (result == 0 || (errno != EAGAIN && errno != EACCES)) {
            return result;
        }
        if (const int error = rest_until(Deadline(pause), true); error != 0) {
            return fail(error);
        }
        pause = std::min(pause * 2, Duration(std::chrono::milliseconds(10)));
    }
}

}  // namespace weft::impl
