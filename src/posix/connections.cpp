// Connections: accept and connect know no flag that keeps one call from blocking.
#include <weft/core/run.hpp>
#include <weft/posix/socket.hpp>

#include "posix/accept_turn.hpp"
#include "posix/libc.hpp"
#include "posix/lock_wait.hpp"
#include "posix/offload.hpp"
#include "posix/transfer.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cstring>

namespace weft::posix {

using impl::begun;
using impl::FdCall;
using impl::FdKind;
using impl::Hub;

namespace {

/// What is no listener has an error for who accepts from it, and no connection ever.
bool listens(int fd) noexcept {
    int result = 0;
    socklen_t size = sizeof result;
    return impl::sys.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &result, &size) == 0 && result != 0;
}

/// Waits for a connection first, so that taking it does not block, and takes it in an AcceptTurn: nobody else does in between but a
/// process that is no relative.
template <class Take>
int accept_one(int fd, Take take) {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return take();
    }
    FdCall call(*hub, fd, false);
    if (!call.valid()) {
        return impl::fail(call.error());
    }
    if (const int error = impl::begin_call(*hub); error != 0) {
        return impl::fail(error);
    }
    if (call.nonblocking()) {
        return take();
    }
    impl::LockPauses pauses;
    for (;;) {
        bool is_my_turn = false;
        {
            const impl::AcceptTurn turn;
            is_my_turn = turn.is_mine();
            if (is_my_turn && impl::ready_now(fd, POLLIN)) {
                return take();
            }
        }
        if (!listens(fd)) {
            return take();
        }
        if (is_my_turn) {
            if (const int error = call.wait(); error != 0) {
                return impl::fail(error == FdCall::lapsed ? EAGAIN : error);
            }
            continue;
        }
        // Another one's turn lasts as long as two calls, unless its process is stopped or has to wait for a processor.
        if (const int error = impl::rest_until(weft::now() + pauses.next(), true); error != 0) {
            return impl::fail(error);
        }
    }
}

/// Whether a fresh socket has limits for its waits.
void note_limits(int fd) noexcept {
    impl::FdRecord& record = impl::record_of(fd);
    record.set(impl::FdRecord::limits);
    if (impl::time_limit(fd, record, false) == 0 && impl::time_limit(fd, record, true) == 0) {
        record.clear(impl::FdRecord::limits);  // nobody need ask at each wait
    }
}

/// What a listener accepts is of its own kind, and may inherit its limits.
int accepted(int fd, int listener, bool is_nonblocking) noexcept {
    if (fd >= 0) {
        impl::FdRecord& from = impl::record_of(listener);
        impl::begin_own(fd, impl::kind_of(listener, from), is_nonblocking);
        if (!impl::is_own(from) || from.has(impl::FdRecord::limits)) {
            note_limits(fd);
        }
    }
    return fd;
}

/// Begins to connect a socket that nobody else can see: it does not block for the length of that call.
int begin_connect(FdCall& call, const sockaddr* peer, socklen_t length) noexcept {
    const int fd = call.fd();
    const int flags = impl::sys.fcntl(fd, F_GETFL);
    if (flags < 0 || impl::sys.fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return errno;
    }
    const int error = impl::sys.connect(fd, peer, length) == 0 ? 0 : errno;
    impl::sys.fcntl(fd, F_SETFL, flags);
    return error;
}

bool is_internet(const sockaddr& peer) noexcept {
    return peer.sa_family == AF_INET || peer.sa_family == AF_INET6;
}

/// Ends what begin_connect() has begun: 0, or its error. A socket of the internet is asked to connect once more, since the kernel holds
/// an attempt that did not block for unfinished until then: the program's next one would succeed once more, or be told
/// ECONNABORTED.
int end_of_connect(FdCall& call, const sockaddr* peer, socklen_t length) noexcept {
    for (;;) {
        if (const int error = call.wait(); error != 0) {
            return error == FdCall::lapsed ? EINPROGRESS : error;
        }
        if (!is_internet(*peer)) {
            int result = 0;
            socklen_t size = sizeof result;
            return impl::sys.getsockopt(call.fd(), SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result
                                                                                              : errno;
        }
        const int result = begin_connect(call, peer, length);
        if (result != EALREADY && result != EINPROGRESS) {
            return result == EISCONN ? 0 : result;
        }
    }
}

int connect_own(FdCall& call, const sockaddr* peer, socklen_t length) noexcept {
    Duration pause = std::chrono::milliseconds(1);
    const std::int64_t limit = impl::time_limit(call.fd(), call.record(), true);
    Deadline deadline = limit != 0 ? Deadline(Duration(limit)) : never;
    deadline.fix(weft::now());
    for (;;) {
        const int error = begin_connect(call, peer, length);
        if (error == EINPROGRESS || error == EINTR) {
            return end_of_connect(call, peer, length);
        }
        if (error != EAGAIN || peer->sa_family != AF_UNIX) {
            return error;
        }
        // The listener's backlog is full, and no poller tells when it is not any more.
        const TimePoint now = weft::now();
        if (deadline.resolve(now) <= now) {
            return EAGAIN;
        }
        if (const int interrupted = impl::rest_until(std::min(now + pause, deadline.resolve(now)), true);
            interrupted != 0) {
            return interrupted;
        }
        pause = std::min(pause * 2, Duration(std::chrono::milliseconds(64)));
    }
}

struct SharedConnect {
    int fd;
    socklen_t length;
    sockaddr_storage peer;
    int error = 0;

    void work() noexcept {
        error = impl::sys.connect(fd, reinterpret_cast<const sockaddr*>(&peer), length) == 0 ? 0 : errno;
    }
};

/// Somebody else may be using the socket right now: then the call blocks a thread of the pool instead.
int connect_shared(int fd, const sockaddr* peer, socklen_t length) noexcept {
    try {
        const auto state =
            std::make_shared<SharedConnect>(SharedConnect{.fd = fd, .length = length, .peer = {}});
        std::memcpy(&state->peer, peer, std::min<std::size_t>(length, sizeof state->peer));
        const int error = impl::offload(weft::blocking_pool(), state);
        return error != 0 ? error : state->error;
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

}  // namespace

int accept(int fd, sockaddr* peer, socklen_t* length) {
    return accepted(accept_one(fd, [=] { return impl::libc.accept(fd, peer, length); }), fd, false);
}

int accept4(int fd, sockaddr* peer, socklen_t* length, int flags) {
    if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
        return impl::sys.accept4(fd, peer, length, flags);  // an error, whether a connection is there or not
    }
    return accepted(accept_one(fd, [=] { return impl::sys.accept4(fd, peer, length, flags); }), fd,
                    (flags & SOCK_NONBLOCK) != 0);
}

int connect(int fd, const sockaddr* peer, socklen_t length) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || peer == nullptr) {
        return impl::sys.connect(fd, peer, length);
    }
    FdCall call(*hub, fd, true);
    if (!call.valid()) {
        return impl::fail(call.error());
    }
    if (const int error = impl::begin_call(*hub); error != 0) {
        return impl::fail(error);
    }
    // Only streams and what has a backlog to wait for.
    const bool may_wait = impl::kind_of(fd, call.record()) == FdKind::stream || peer->sa_family == AF_UNIX;
    if (!may_wait || call.nonblocking()) {
        return impl::sys.connect(fd, peer, length);
    }
    const int error =
        impl::is_own(call.record()) ? connect_own(call, peer, length) : connect_shared(fd, peer, length);
    return error == 0 ? 0 : impl::fail(error);
}

int socket(int family, int type, int protocol) noexcept {
    const FdKind kind =
        (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM ? FdKind::stream : FdKind::packets;
    return begun(impl::sys.socket(family, type, protocol), kind, (type & SOCK_NONBLOCK) != 0);
}

int socketpair(int family, int type, int protocol, int* ends) noexcept {
    const int result = impl::sys.socketpair(family, type, protocol, ends);
    if (result == 0) {
        const FdKind kind =
            (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM ? FdKind::stream : FdKind::packets;
        begun(ends[0], kind, (type & SOCK_NONBLOCK) != 0);
        begun(ends[1], kind, (type & SOCK_NONBLOCK) != 0);
    }
    return result;
}

int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept {
    const int result = impl::sys.setsockopt(fd, level, option, value, size);
    if (result == 0 && level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO)) {
        impl::record_of(fd).set(impl::FdRecord::limits);
    }
    return result;
}

}  // namespace weft::posix
