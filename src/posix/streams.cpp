// read and write in all forms, by what the descriptor is: sockets take a flag per call, pipes and the like one per transfer where
// the kernel has it, and are asked first where it has not; files are read and written at once, or by a thread.
#include <weft/posix/descriptor.hpp>

#include "posix/files.hpp"
#include "posix/iovec_part.hpp"
#include "posix/libc.hpp"
#include "posix/transfer.hpp"

#include <weft/posix/socket.hpp>

#include <algorithm>

namespace weft::posix {

using impl::FdCall;
using impl::FdKind;
using impl::FdRecord;
using impl::Hub;

namespace {

// What a write to something that the poller calls writable cannot block on: a pipe has a page at least, a terminal less.
constexpr std::size_t small_part = 128;
constexpr std::size_t pipe_part = 4096;

/// Not EINVAL: that is an answer to the transfer itself, such as a read of four bytes from a counter of eight.
constexpr bool not_supported(int error) noexcept { return error == EOPNOTSUPP || error == ENOSYS; }

/// A transfer that the kernel can do without blocking, or one that follows a look whether it would.
template <class Nowait, class Plain>
ssize_t try_pollable(FdCall& call, bool write, Nowait nowait, Plain plain) noexcept {
    return impl::try_until_done(call, 0, [&]() -> ssize_t {
        if (call.nonblocking()) {
            return plain();
        }
        if (!call.record().has(FdRecord::no_nowait)) {
            const ssize_t size = nowait();
            if (size >= 0 || !not_supported(errno)) {
                return size;
            }
            call.record().set(FdRecord::no_nowait);
        }
        if (!impl::ready_now(call.fd(), write ? POLLOUT : POLLIN)) {
            errno = EAGAIN;
            return -1;
        }
        return plain();
    });
}

ssize_t read_pollable(FdCall& call, const iovec* buffers, int count) noexcept {
    return try_pollable(
        call, false, [&] { return impl::libc.preadv2(call.fd(), buffers, count, -1, RWF_NOWAIT); },
        [&] { return impl::sys.readv(call.fd(), buffers, count); });
}

/// One part of a write to a pipe; where the kernel cannot do it without blocking, no more than has room.
ssize_t write_part(FdCall& call, const iovec* buffers, int count, std::size_t done,
                   std::size_t size) noexcept {
    impl::IovecPart rest(buffers, static_cast<std::size_t>(count), done);
    return try_pollable(
        call, true,
        [&] {
            return impl::libc.pwritev2(call.fd(), rest.data(), static_cast<int>(rest.count()), -1,
                                       RWF_NOWAIT);
        },
        [&]() -> ssize_t {
            if (call.nonblocking()) {
                return impl::sys.writev(call.fd(), rest.data(), static_cast<int>(rest.count()));
            }
            const bool terminal = ::isatty(call.fd()) != 0;
            if (size - done <= (terminal ? small_part : pipe_part)) {
                return impl::sys.writev(call.fd(), rest.data(), static_cast<int>(rest.count()));
            }
            const iovec& first = *rest.data();
            return impl::sys.write(call.fd(), first.iov_base,
                                   std::min(first.iov_len, terminal ? small_part : pipe_part));
        });
}

ssize_t write_pollable(FdCall& call, const iovec* buffers, int count) noexcept {
    const std::size_t size = impl::total_size(buffers, static_cast<std::size_t>(count));
    std::size_t done = 0;
    do {
        const ssize_t written = write_part(call, buffers, count, done, size);
        if (written < 0) {
            return done != 0 ? static_cast<ssize_t>(done) : -1;
        }
        done += static_cast<std::size_t>(written);
    } while (done < size && !call.nonblocking());
    return static_cast<ssize_t>(done);
}

/// What is to be done with a descriptor that a fiber reads or writes.
enum class Way : unsigned char { plain, socket, pollable, failed };

Way way_of(Hub* hub, FdCall& call, std::size_t size) noexcept {
    if (size == 0 || !call.valid()) {
        return Way::plain;
    }
    const FdKind kind = impl::kind_of(call.fd(), call.record());
    if (kind == FdKind::unknown || kind == FdKind::file) {
        return Way::plain;
    }
    if (kind != FdKind::pollable) {
        return Way::socket;
    }
    const int error = impl::begin_call(*hub, call);
    errno = error != 0 ? error : errno;
    return error != 0 ? Way::failed : Way::pollable;
}

msghdr message_of(const iovec* buffers, int count) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(buffers);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return message;
}

/// The number is a file's by now: it was closed behind the library's back.
bool mistaken(FdCall& call, ssize_t result) noexcept {
    if (result >= 0 || errno != ENOTSOCK) {
        return false;
    }
    impl::begin_shared(call.fd());
    return true;
}

/// Does with a descriptor what is to be done with its kind. Each of the three yields the result, `pollable` from the call.
template <class Plain, class Socket, class Pollable>
ssize_t by_kind(Hub& hub, int fd, bool write, std::size_t size, Plain plain, Socket socket,
                Pollable pollable) noexcept {
    FdCall call(hub, fd, write);
    for (;;) {
        switch (way_of(&hub, call, size)) {
            case Way::plain:
                return impl::call_on_file(fd, plain);
            case Way::failed:
                return -1;
            case Way::pollable:
                return pollable(call);
            case Way::socket:
                if (const ssize_t result = socket(); !mistaken(call, result)) {
                    return result;
                }
        }
    }
}

bool sensible(const iovec* buffers, int count) noexcept {
    return buffers != nullptr && count > 0 && count <= IOV_MAX;
}

}  // namespace

ssize_t read(int fd, void* to, std::size_t size) noexcept {
    Hub* hub = impl::fiber_hub();
    const auto plain = [=] { return impl::sys.read(fd, to, size); };
    if (hub == nullptr) {
        return plain();
    }
    const iovec buffer{to, size};
    return by_kind(
        *hub, fd, false, size, plain, [=] { return posix::recv(fd, to, size, 0); },
        [&](FdCall& call) { return read_pollable(call, &buffer, 1); });
}

ssize_t readv(int fd, const iovec* buffers, int count) noexcept {
    Hub* hub = impl::fiber_hub();
    const auto plain = [=] { return impl::sys.readv(fd, buffers, count); };
    if (hub == nullptr || !sensible(buffers, count)) {
        return plain();
    }
    msghdr message = message_of(buffers, count);
    return by_kind(
        *hub, fd, false, impl::total_size(buffers, message.msg_iovlen), plain,
        [&] { return posix::recvmsg(fd, &message, 0); },
        [=](FdCall& call) { return read_pollable(call, buffers, count); });
}

ssize_t preadv2(int fd, const iovec* buffers, int count, off_t offset, int flags) noexcept {
    if (offset == -1 && flags == 0) {
        return posix::readv(fd, buffers, count);
    }
    return impl::call_on_file(fd, [=] { return impl::libc.preadv2(fd, buffers, count, offset, flags); });
}

ssize_t write(int fd, const void* from, std::size_t size) noexcept {
    Hub* hub = impl::fiber_hub();
    const auto plain = [=] { return impl::sys.write(fd, from, size); };
    if (hub == nullptr) {
        return plain();
    }
    const iovec buffer{const_cast<void*>(from), size};
    return by_kind(
        *hub, fd, true, size, plain, [=] { return posix::send(fd, from, size, 0); },
        [&](FdCall& call) { return write_pollable(call, &buffer, 1); });
}

ssize_t writev(int fd, const iovec* buffers, int count) noexcept {
    Hub* hub = impl::fiber_hub();
    const auto plain = [=] { return impl::sys.writev(fd, buffers, count); };
    if (hub == nullptr || !sensible(buffers, count)) {
        return plain();
    }
    const msghdr message = message_of(buffers, count);
    return by_kind(
        *hub, fd, true, impl::total_size(buffers, message.msg_iovlen), plain,
        [&] { return posix::sendmsg(fd, &message, 0); },
        [=](FdCall& call) { return write_pollable(call, buffers, count); });
}

ssize_t pwritev2(int fd, const iovec* buffers, int count, off_t offset, int flags) noexcept {
    if (offset == -1 && flags == 0) {
        return posix::writev(fd, buffers, count);
    }
    return impl::call_on_file(fd, [=] { return impl::libc.pwritev2(fd, buffers, count, offset, flags); });
}

}  // namespace weft::posix
