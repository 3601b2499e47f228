// Sockets: transfers with MSG_DONTWAIT, so that O_NONBLOCK stays as the program has set it.
#include <weft/posix/socket.hpp>

#include "posix/iovec_part.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"
#include "posix/transfer.hpp"

#include <algorithm>

namespace weft::posix {

using impl::FdCall;
using impl::FdKind;
using impl::Hub;

namespace {

// Receiving with these never waits, whatever the socket is like: libc's call is the right one.
constexpr int waits_for_nothing = MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB;

/// Less than all of a stream's bytes empties it; what looks ahead or insists on all its bytes says nothing.
std::size_t whole_of(FdCall& call, std::size_t size, int flags) noexcept {
    if ((flags & (MSG_PEEK | MSG_WAITALL)) != 0) {
        return 0;
    }
    return impl::kind_of(call.fd(), call.record()) == FdKind::stream ? size : 0;
}

/// What a call has to do first. False: `result` is its result.
inline bool begin(Hub& hub, FdCall& call, ssize_t& result) noexcept {
    if (!call.valid()) {
        result = impl::fail(call.error());
        return false;
    }
    if (const int error = impl::begin_call(hub, call); error != 0) {
        result = impl::fail(error);
        return false;
    }
    return true;
}

/// Looks until as much is there as is asked for: the kernel tells of any byte, and again and again.
ssize_t peek_all(FdCall& call, msghdr& message, int flags, std::size_t size) noexcept {
    Duration pause = std::chrono::microseconds(100);
    ssize_t before = 0;
    for (;;) {
        const ssize_t seen = impl::try_until_done(call, 0, [&] {
            return impl::sys.recvmsg(call.fd(), &message, (flags & ~MSG_WAITALL) | MSG_DONTWAIT);
        });
        if (seen <= 0 || static_cast<std::size_t>(seen) >= size || call.nonblocking()) {
            return seen;
        }
        if (seen == before && impl::ready_now(call.fd(), POLLRDHUP)) {
            return seen;
        }
        before = seen;
        if (const int error = impl::rest_until(Deadline(pause), true); error != 0) {
            return seen;
        }
        pause = std::min(pause * 2, Duration(std::chrono::milliseconds(10)));
    }
}

/// MSG_WAITALL: what a stream gives, until all is there, its end or an error.
ssize_t receive_all(FdCall& call, msghdr& message, int flags, std::size_t size) noexcept {
    if ((flags & MSG_PEEK) != 0) {
        return peek_all(call, message, flags, size);
    }
    const iovec* buffers = message.msg_iov;
    const std::size_t count = message.msg_iovlen;
    std::size_t done = 0;
    while (done < size) {
        impl::IovecPart rest(buffers, count, done);
        msghdr part = message;
        part.msg_iov = rest.data();
        part.msg_iovlen = rest.count();
        if (done != 0) {
            part.msg_control = nullptr;  // what came with the first bytes stays
            part.msg_controllen = 0;
        }
        const ssize_t got = impl::try_until_done(call, 0, [&] {
            return impl::sys.recvmsg(call.fd(), &part, (flags & ~MSG_WAITALL) | MSG_DONTWAIT);
        });
        if (got < 0) {
            return done != 0 ? static_cast<ssize_t>(done) : -1;
        }
        if (done == 0) {
            message.msg_namelen = part.msg_namelen;
            message.msg_controllen = part.msg_controllen;
            message.msg_flags = part.msg_flags;
        }
        done += static_cast<std::size_t>(got);
        if (got == 0 || message.msg_controllen != 0 || call.nonblocking()) {
            break;
        }
    }
    return static_cast<ssize_t>(done);
}

bool waits_for_all(FdCall& call, std::size_t size, int flags) noexcept {
    return (flags & MSG_WAITALL) != 0 && size != 0 &&
           impl::kind_of(call.fd(), call.record()) == FdKind::stream;
}

ssize_t receive_message(FdCall& call, msghdr& message, int flags) noexcept {
    const std::size_t size = impl::total_size(message.msg_iov, message.msg_iovlen);
    if (waits_for_all(call, size, flags)) {
        return receive_all(call, message, flags, size);
    }
    const std::size_t whole = call.record().kind() == FdKind::stream ? size : 0;
    return impl::try_until_done(call, (flags & MSG_PEEK) != 0 ? 0 : whole,
                                [&] { return impl::sys.recvmsg(call.fd(), &message, flags | MSG_DONTWAIT); });
}

/// Descriptors that have come with a message: somebody else holds their descriptions too.
void begin_received(const msghdr& message) noexcept {
    auto* head = const_cast<msghdr*>(&message);
    for (cmsghdr* part = message.msg_controllen != 0 ? CMSG_FIRSTHDR(head) : nullptr; part != nullptr;
         part = CMSG_NXTHDR(head, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            __builtin_memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            impl::begin_shared(fd);
        }
    }
}

/// recvfrom(), or recv() where nobody asks who it was, for a stream's bytes until all are there.
ssize_t receive_bytes(FdCall& call, void* to, std::size_t size, int flags, sockaddr* from,
                      socklen_t* length) noexcept {
    iovec buffer{to, size};
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    message.msg_name = from;
    message.msg_namelen = from != nullptr && length != nullptr ? *length : 0;
    const ssize_t got = receive_all(call, message, flags, size);
    if (got >= 0 && from != nullptr && length != nullptr) {
        *length = message.msg_namelen;
    }
    return got;
}

/// A call that has sent something tells of that, and leaves the signal to the next one.
constexpr int part_flags(int flags, std::size_t done) noexcept {
    return flags | MSG_DONTWAIT | (done != 0 ? MSG_NOSIGNAL : 0);
}

/// Descriptors that leave with a message: who gets them may change what they share.
void share_sent(const msghdr& message) noexcept {
    auto* head = const_cast<msghdr*>(&message);
    for (cmsghdr* part = message.msg_controllen != 0 ? CMSG_FIRSTHDR(head) : nullptr; part != nullptr;
         part = CMSG_NXTHDR(head, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
            impl::share_all();
            return;
        }
    }
}

}  // namespace

namespace {

[[gnu::noinline]] ssize_t recv_waiting(Hub& hub, int fd, void* to, std::size_t size, int flags) noexcept {
    FdCall call(hub, fd, false);
    ssize_t result = 0;
    if (!begin(hub, call, result)) {
        return result;
    }
    if (waits_for_all(call, size, flags)) {
        return receive_bytes(call, to, size, flags, nullptr, nullptr);
    }
    return impl::try_until_done(call, whole_of(call, size, flags),
                                [&] { return impl::sys.recv(fd, to, size, flags | MSG_DONTWAIT); });
}

/// Puts into `left` how long it is until `end`.
bool has_time_left(TimePoint end, Hub& hub, timespec& left) noexcept {
    const Duration rest = std::max(end - TimePoint(Duration(hub.now())), Duration(0));
    left.tv_sec = rest / std::chrono::seconds(1);
    left.tv_nsec = static_cast<long>(rest % std::chrono::seconds(1) / std::chrono::nanoseconds(1));
    return rest > Duration(0);
}

}  // namespace

ssize_t recv(int fd, void* to, std::size_t size, int flags) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || (flags & waits_for_nothing) != 0) {
        return impl::sys.recv(fd, to, size, flags);
    }
    // The common case first: a plain call, or a look ahead, that finds something.
    const bool plain = (flags & ~MSG_PEEK) == 0;
    if (impl::Direction* direction = plain ? impl::begin_short(*hub, fd, false) : nullptr) [[likely]] {
        const ssize_t got = impl::sys.recv(fd, to, size, flags | MSG_DONTWAIT);
        if (got >= 0) [[likely]] {
            if (static_cast<std::size_t>(got) < size && got > 0 && flags == 0 &&
                impl::record_of(fd).kind() == FdKind::stream) {
                direction->ready = false;
            }
            return got;
        }
        if (!impl::means_wait(errno) || impl::is_nonblocking(fd, impl::record_of(fd))) {
            return -1;
        }
        direction->ready = false;
    }
    return recv_waiting(*hub, fd, to, size, flags);
}

ssize_t recvfrom(int fd, void* to, std::size_t size, int flags, sockaddr* from, socklen_t* length) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || (flags & waits_for_nothing) != 0) {
        return impl::sys.recvfrom(fd, to, size, flags, from, length);
    }
    if (from == nullptr) {
        return recv(fd, to, size, flags);
    }
    FdCall call(*hub, fd, false);
    ssize_t result = 0;
    if (!begin(*hub, call, result)) {
        return result;
    }
    if (waits_for_all(call, size, flags)) {
        return receive_bytes(call, to, size, flags, from, length);
    }
    return impl::try_until_done(call, whole_of(call, size, flags), [&] {
        return impl::sys.recvfrom(fd, to, size, flags | MSG_DONTWAIT, from, length);
    });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    Hub* hub = impl::fiber_hub();
    ssize_t result = -1;
    if (hub == nullptr || (flags & waits_for_nothing) != 0 || message == nullptr) {
        result = impl::sys.recvmsg(fd, message, flags);
    } else if (FdCall call(*hub, fd, false); begin(*hub, call, result)) {
        result = receive_message(call, *message, flags);
    }
    if (result >= 0) {
        begin_received(*message);
    }
    return result;
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
    Hub* hub = impl::fiber_hub();
    Deadline deadline;
    if (hub == nullptr || (flags & waits_for_nothing) != 0 || !impl::deadline_of(limit, deadline)) {
        return impl::libc.recvmmsg(fd, messages, count, flags, limit);
    }
    FdCall call(*hub, fd, false);
    ssize_t result = 0;
    if (!begin(*hub, call, result)) {
        return static_cast<int>(result);
    }
    // As the kernel does it: the limit is looked at after each message, and none of them is cut short by it.
    const TimePoint end = deadline.resolve(TimePoint(Duration(hub->now())));
    unsigned done = 0;
    while (done < count) {
        const bool first = done == 0 || (flags & MSG_WAITFORONE) == 0;
        const int how = (flags & ~MSG_WAITFORONE) | (first ? 0 : MSG_DONTWAIT);
        const ssize_t size = first ? receive_message(call, messages[done].msg_hdr, how)
                                   : impl::sys.recvmsg(fd, &messages[done].msg_hdr, how);
        if (size < 0) {
            return done != 0 ? static_cast<int>(done) : -1;
        }
        begin_received(messages[done].msg_hdr);
        messages[done++].msg_len = static_cast<unsigned>(size);
        if (limit != nullptr && !has_time_left(end, *hub, *limit)) {
            break;
        }
    }
    return static_cast<int>(done);
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || (flags & MSG_DONTWAIT) != 0) {
        return impl::sys.send(fd, from, size, flags);
    }
    if (impl::begin_short(*hub, fd, true) != nullptr) [[likely]] {
        const ssize_t sent = impl::sys.send(fd, from, size, flags | MSG_DONTWAIT);
        if (sent == static_cast<ssize_t>(size)) [[likely]] {
            return sent;
        }
        if (sent >= 0) {
            const auto done = static_cast<std::size_t>(sent);
            const int how = sent > 0 ? flags | MSG_NOSIGNAL : flags;
            const ssize_t more =
                sendto(fd, static_cast<const char*>(from) + done, size - done, how, nullptr, 0);
            return more > 0 ? sent + more : sent;
        }
        if (!impl::means_wait(errno)) {
            return -1;
        }
    }
    return sendto(fd, from, size, flags, nullptr, 0);
}

ssize_t sendto(int fd, const void* from, std::size_t size, int flags, const sockaddr* to,
               socklen_t length) noexcept {
    Hub* hub = impl::fiber_hub();
    const auto send_part = [&](const char* data, std::size_t left, int how) {
        return to == nullptr ? impl::sys.send(fd, data, left, how)
                             : impl::sys.sendto(fd, data, left, how, to, length);
    };
    const auto* data = static_cast<const char*>(from);
    if (hub == nullptr || (flags & MSG_DONTWAIT) != 0) {
        return send_part(data, size, flags);
    }
    FdCall call(*hub, fd, true);
    ssize_t result = 0;
    if (!begin(*hub, call, result)) {
        return result;
    }
    if (impl::kind_of(fd, call.record()) != FdKind::stream) {
        return impl::try_until_done(call, 0, [&] { return send_part(data, size, flags | MSG_DONTWAIT); });
    }
    return impl::try_until_all(call, size, [&](std::size_t done) {
        return send_part(data + done, size - done, part_flags(flags, done));
    });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    Hub* hub = impl::fiber_hub();
    if (message != nullptr) {
        share_sent(*message);
    }
    if (hub == nullptr || (flags & MSG_DONTWAIT) != 0 || message == nullptr) {
        return impl::sys.sendmsg(fd, message, flags);
    }
    FdCall call(*hub, fd, true);
    ssize_t result = 0;
    if (!begin(*hub, call, result)) {
        return result;
    }
    if (impl::kind_of(fd, call.record()) != FdKind::stream) {
        return impl::try_until_done(call, 0,
                                    [&] { return impl::sys.sendmsg(fd, message, flags | MSG_DONTWAIT); });
    }
    const std::size_t size = impl::total_size(message->msg_iov, message->msg_iovlen);
    return impl::try_until_all(call, size, [&](std::size_t done) {
        if (done == 0) {
            return impl::sys.sendmsg(fd, message, flags | MSG_DONTWAIT);
        }
        impl::IovecPart rest(message->msg_iov, message->msg_iovlen, done);
        msghdr part{};  // address and control data have gone with the first bytes
        part.msg_iov = rest.data();
        part.msg_iovlen = rest.count();
        return impl::sys.sendmsg(fd, &part, part_flags(flags, done));
    });
}

int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
    if (impl::fiber_hub() == nullptr || (flags & MSG_DONTWAIT) != 0) {
        return impl::libc.sendmmsg(fd, messages, count, flags);
    }
    for (unsigned done = 0; done < count; ++done) {
        const ssize_t size = posix::sendmsg(fd, &messages[done].msg_hdr, flags);
        if (size < 0) {
            return done != 0 ? static_cast<int>(done) : -1;
        }
        messages[done].msg_len = static_cast<unsigned>(size);
    }
    return static_cast<int>(count);
}

}  // namespace weft::posix
