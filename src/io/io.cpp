// Try, and where that would block, park until the poller says that it is worth trying again.
#include "io/io.hpp"

#include "base/sys.hpp"
#include "core/hub.hpp"
#include "core/park.hpp"
#include "io/fd_table.hpp"
#include "io/native_wait.hpp"
#include "io/park_on.hpp"

#include <weft/core/run.hpp>

#include <cerrno>

namespace weft::impl {

namespace {

/// Before an operation, so that an interruption finds nothing taken.
void spend_turn(Hub& hub) {
    FiberBlock& fiber = hub.running();
    if (fiber.io_done++ < operations_per_turn) [[likely]] {
        return;
    }
    fiber.io_done = 1;
    if (interrupted()) {
        throw_interrupt();
    }
    hub.yield(true);
}

int park_for(Hub& hub, const Descriptor& descriptor, FdState& state, Direction& direction, WaitReason why,
             Deadline& deadline) {
    const IoParked parked = park_on(hub, state, direction, why, &descriptor, deadline);
    if (parked.how == Wake::interrupted) [[unlikely]] {
        throw_interrupt();
    }
    return parked.how == Wake::timed_out ? ETIMEDOUT : parked.error;
}

template <bool Write>
int wait_for(Descriptor& descriptor, Deadline& deadline) {
    Hub* hub = Hub::current();
    const int fd = descriptor.fd();
    if (fd < 0) [[unlikely]] {
        return EBADF;
    }
    if (hub == nullptr) [[unlikely]] {
        const int now = look_natively(fd, poll_events(Write));
        return now != ETIMEDOUT ? now : wait_natively(fd, Write, deadline);
    }
    FdState& state = FdTable::of(*hub).at(fd);
    return park_for(*hub, descriptor, state, Write ? state.write : state.read,
                    Write ? WaitReason::writable : WaitReason::readable, deadline);
}

constexpr bool means_wait(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

/// Calls attempt(fd) until it neither would block nor was interrupted by a signal. `whole` is what a transfer
/// yields if there may be more at once: less than that ends the direction's readiness.
template <bool Write, class Attempt>
Transfer transfer(Descriptor& descriptor, Deadline& deadline, std::size_t whole, Attempt attempt) {
    Hub* hub = Hub::current();
    if (hub == nullptr) [[unlikely]] {
        return transfer_natively(descriptor.fd(), Write, deadline, attempt);
    }
    spend_turn(*hub);
    for (;;) {
        const int fd = descriptor.fd();
        if (fd < 0) [[unlikely]] {
            return {-1, EBADF};
        }
        FdState& state = FdTable::of(*hub).at(fd);
        Direction& direction = Write ? state.write : state.read;
        if (direction.ready) {
            const ssize_t size = attempt(fd);
            if (size >= 0) [[likely]] {
                // The end of a stream (0) stays readable.
                if (static_cast<std::size_t>(size) < whole && size > 0) {
                    direction.ready = false;
                }
                return {size, 0};
            }
            if (errno == EINTR) {
                continue;
            }
            if (!means_wait(errno)) {
                return {-1, errno};
            }
            direction.ready = false;
        }
        constexpr WaitReason why = Write ? WaitReason::writable : WaitReason::readable;
        if (const int error = park_for(*hub, descriptor, state, direction, why, deadline); error != 0)
            [[unlikely]] {
            return {-1, error};
        }
    }
}

}  // namespace

IoParked park_on(Hub& hub, FdState& state, Direction& direction, WaitReason why, const void* next_use,
                 Deadline& deadline) {
    FdTable::of(hub).watch(state, direction);
    IoRecord record(direction, direction.watch.fd, why);
    direction.waiters.push(record.node);
    direction.watch.waiter = &hub.running();
    direction.watch.waiter_record = &record.fiber;
    hub.running().next_use[0] = next_use;
    hub.running().next_use[1] = &state.write;
    const OutsideWait outside(&hub);
    const Wake how = park(record, deadline);
    hub.prefetch_next();
    hub.running().io_done = 0;
    return {how, record.error};
}

int wait_readable(Descriptor& descriptor, Deadline& deadline) {
    return wait_for<false>(descriptor, deadline);
}

int wait_writable(Descriptor& descriptor, Deadline& deadline) { return wait_for<true>(descriptor, deadline); }

Transfer recv(Descriptor& descriptor, void* to, std::size_t size, int flags, Deadline& deadline) {
    // A look ahead or a call that insists on all its bytes says nothing about what is left.
    const std::size_t whole = (flags & (MSG_PEEK | MSG_WAITALL | MSG_OOB)) != 0 ? 0 : size;
    return transfer<false>(descriptor, deadline, whole,
                           [=](int fd) { return sys.recv(fd, to, size, flags | MSG_DONTWAIT); });
}

Transfer send(Descriptor& descriptor, const void* from, std::size_t size, int flags, Deadline& deadline) {
    return transfer<true>(descriptor, deadline, size, [=](int fd) {
        return sys.send(fd, from, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    });
}

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
