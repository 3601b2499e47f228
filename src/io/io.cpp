// Try, and where that would block, park until the poller says that it is worth trying again.
#include "io/io.hpp"

#include "base/sys.hpp"
#include "io/native_wait.hpp"
#include "io/transfer.hpp"

#include <cerrno>

namespace weft::impl {

void take_turns(Hub& hub) {
    hub.running().io_done = 1;
    if (interrupted()) {
        throw_interrupt();
    }
    hub.yield_to_pass();
}

int wait_readable(Descriptor& descriptor, Deadline& deadline) {
    return wait_for<false>(descriptor, deadline);
}

int wait_writable(Descriptor& descriptor, Deadline& deadline) { return wait_for<true>(descriptor, deadline); }

Transfer recvmsg(Descriptor& descriptor, msghdr& message, int flags, Deadline& deadline) {
    return transfer<false>(descriptor, deadline, 0,
                           [&](int fd) { return sys.recvmsg(fd, &message, flags | MSG_DONTWAIT); });
}

Transfer sendmsg(Descriptor& descriptor, const msghdr& message, int flags, Deadline& deadline) {
    return transfer<true>(descriptor, deadline, 0, [&](int fd) {
        return sys.sendmsg(fd, &message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    });
}

Transfer accept(Descriptor& listener, sockaddr* peer, socklen_t* length, Deadline& deadline) {
    const socklen_t room = length != nullptr ? *length : 0;
    return transfer<false>(listener, deadline, 0, [=](int fd) -> ssize_t {
        if (length != nullptr) {
            *length = room;
        }
        return sys.accept4(fd, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    });
}

int connect(Descriptor& socket, const sockaddr* peer, socklen_t length, Deadline& deadline) {
    Duration pause = std::chrono::milliseconds(1);
    for (;;) {
        if (sys.connect(socket.fd(), peer, length) == 0) {
            return 0;
        }
        if (errno == EAGAIN && peer->sa_family == AF_UNIX) {
            // The listener's backlog is full, and no poller tells when it is not any more.
            if (const int error = rest(pause, deadline); error != 0) {
                return error;
            }
            pause = pause < std::chrono::milliseconds(64) ? pause * 2 : pause;
            continue;
        }
        if (errno != EINPROGRESS && errno != EINTR && errno != EALREADY) {
            return errno;
        }
        break;
    }
    if (const int error = wait_writable(socket, deadline); error != 0) {
        return error;
    }
    int result = 0;
    socklen_t size = sizeof result;
    return sys.getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result : errno;
}

}  // namespace weft::impl
