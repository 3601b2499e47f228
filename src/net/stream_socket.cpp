// Reading and writing of byte streams, once for TCP and Unix.
#include <weft/net/stream_socket.hpp>

#include "base/sys.hpp"
#include "io/transfer.hpp"
#include "net/socket_state.hpp"

#include <weft/base/error.hpp>

#include <cerrno>

namespace weft::net {

namespace {

using impl::SocketState;

/// How many buffers one system call takes; more are taken in turns.
constexpr std::size_t batch = 64;

inline std::size_t moved(impl::Transfer transfer, int& error) noexcept {
    if (transfer.size < 0) [[unlikely]] {
        error = transfer.error;
        return 0;
    }
    return static_cast<std::size_t>(transfer.size);
}

// Each returns the bytes moved and sets `error`, which is 0 before, to an errno where something stopped it.

[[gnu::always_inline]] inline std::size_t read_once(SocketState& state, MutableBytes buffer,
                                                    Deadline& deadline, int& error) {
    if (buffer.empty()) {
        return 0;
    }
    return moved(impl::recv(state.descriptor, buffer.data(), buffer.size(), deadline), error);
}

[[gnu::always_inline]] inline std::size_t write_once(SocketState& state, ConstBytes bytes, Deadline& deadline,
                                                     int& error) {
    if (bytes.empty()) {
        return 0;
    }
    return moved(impl::send(state.descriptor, bytes.data(), bytes.size(), deadline), error);
}

std::size_t read_full(SocketState& state, MutableBytes buffer, Deadline& deadline, int& error) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const std::size_t count = read_once(state, buffer.after(done), deadline, error);
        if (count == 0) {
            break;
        }
        done += count;
    }
    return done;
}

[[gnu::always_inline]] inline std::size_t write_full(SocketState& state, ConstBytes bytes, Deadline& deadline,
                                                     int& error) {
    std::size_t done = 0;
    do {
        done += write_once(state, bytes.after(done), deadline, error);
    } while (done < bytes.size() && error == 0);
    return done;
}

std::size_t read_once(SocketState& state, std::span<const MutableBytes> buffers, Deadline& deadline,
                      int& error) {
    iovec parts[batch];
    std::size_t used = 0;
    for (const MutableBytes& buffer : buffers) {
        if (!buffer.empty() && used < batch) {
            parts[used++] = {buffer.data(), buffer.size()};
        }
    }
    if (used == 0) {
        return 0;
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = used;
    return moved(impl::recvmsg(state.descriptor, message, 0, deadline), error);
}

/// Where a gathered write stands: bytes of buffers.front() before `skip` are written.
struct Gather {
    std::span<const ConstBytes> buffers;
    std::size_t skip = 0;

    std::size_t fill(iovec (&parts)[batch]) const noexcept {
        std::size_t used = 0;
        std::size_t offset = skip;
        for (const ConstBytes& buffer : buffers) {
            const ConstBytes rest = buffer.after(offset);
            offset = 0;
            if (!rest.empty() && used < batch) {
                parts[used++] = {const_cast<std::byte*>(rest.data()), rest.size()};
            }
        }
        return used;
    }
    void advance(std::size_t count) noexcept {
        skip += count;
        while (!buffers.empty() && skip >= buffers.front().size()) {
            skip -= buffers.front().size();
            buffers = buffers.subspan(1);
        }
    }
};

std::size_t write_full(SocketState& state, std::span<const ConstBytes> buffers, Deadline& deadline,
                       int& error) {
    Gather rest{buffers};
    std::size_t done = 0;
    iovec parts[batch];
    while (std::size_t used = rest.fill(parts)) {
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = used;
        const std::size_t count = moved(impl::sendmsg(state.descriptor, message, 0, deadline), error);
        if (error != 0) {
            break;
        }
        done += count;
        rest.advance(count);
    }
    return done;
}

constexpr const char* reading = "read from";
constexpr const char* writing = "write to";

/// What move(deadline, error) has moved under the call's limit or the socket's; throws what stopped it.
template <class Move>
[[gnu::always_inline]] inline std::size_t or_throw(SocketState& own, Deadline call, Deadline socket,
                                                   const char* operation, Move move) {
    Deadline deadline = impl::limit(call, socket);
    int error = 0;
    const std::size_t count = move(deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, operation, own);
    }
    return count;
}

/// The same, but tells what stopped it by `error`.
template <class Move>
[[gnu::always_inline]] inline std::size_t or_tell(Deadline call, Deadline socket, std::error_code& error,
                                                  Move move) {
    Deadline deadline = impl::limit(call, socket);
    int number = 0;
    const std::size_t count = move(deadline, number);
    impl::assign(error, number);
    return count;
}

void shutdown(SocketState& state, int how, std::error_code& error) noexcept {
    impl::assign(error, impl::sys.shutdown(state.descriptor.fd(), how) == 0 ? 0 : errno);
}

}  // namespace

StreamSocket::StreamSocket(std::unique_ptr<SocketState> state) noexcept : Socket(std::move(state)) {}

std::size_t StreamSocket::read_some(MutableBytes buffer, Deadline deadline) {
    SocketState& own = state();
    return or_throw(own, deadline, own.read_limit, reading,
                    [&](Deadline& until, int& stop) { return read_once(own, buffer, until, stop); });
}

std::size_t StreamSocket::read_some(MutableBytes buffer, Deadline deadline, std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.read_limit, error,
                   [&](Deadline& until, int& stop) { return read_once(own, buffer, until, stop); });
}

void StreamSocket::read_exact(MutableBytes buffer, Deadline deadline) {
    SocketState& own = state();
    const std::size_t count =
        or_throw(own, deadline, own.read_limit, reading,
                 [&](Deadline& until, int& stop) { return read_full(own, buffer, until, stop); });
    if (count < buffer.size()) [[unlikely]] {
        throw EndOfStream(impl::describe(reading, own));
    }
}

std::size_t StreamSocket::read_exact(MutableBytes buffer, Deadline deadline, std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.read_limit, error,
                   [&](Deadline& until, int& stop) { return read_full(own, buffer, until, stop); });
}

std::size_t StreamSocket::read_some_vectored(std::span<const MutableBytes> buffers, Deadline deadline) {
    SocketState& own = state();
    return or_throw(own, deadline, own.read_limit, reading,
                    [&](Deadline& until, int& stop) { return read_once(own, buffers, until, stop); });
}

std::size_t StreamSocket::read_some_vectored(std::span<const MutableBytes> buffers, Deadline deadline,
                                             std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.read_limit, error,
                   [&](Deadline& until, int& stop) { return read_once(own, buffers, until, stop); });
}

std::size_t StreamSocket::write_some(ConstBytes bytes, Deadline deadline) {
    SocketState& own = state();
    return or_throw(own, deadline, own.write_limit, writing,
                    [&](Deadline& until, int& stop) { return write_once(own, bytes, until, stop); });
}

std::size_t StreamSocket::write_some(ConstBytes bytes, Deadline deadline, std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.write_limit, error,
                   [&](Deadline& until, int& stop) { return write_once(own, bytes, until, stop); });
}

void StreamSocket::write_all(ConstBytes bytes, Deadline deadline) {
    SocketState& own = state();
    or_throw(own, deadline, own.write_limit, writing,
             [&](Deadline& until, int& stop) { return write_full(own, bytes, until, stop); });
}

std::size_t StreamSocket::write_all(ConstBytes bytes, Deadline deadline, std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.write_limit, error,
                   [&](Deadline& until, int& stop) { return write_full(own, bytes, until, stop); });
}

void StreamSocket::write_all_vectored(std::span<const ConstBytes> buffers, Deadline deadline) {
    SocketState& own = state();
    or_throw(own, deadline, own.write_limit, writing,
             [&](Deadline& until, int& stop) { return write_full(own, buffers, until, stop); });
}

std::size_t StreamSocket::write_all_vectored(std::span<const ConstBytes> buffers, Deadline deadline,
                                             std::error_code& error) {
    SocketState& own = state();
    return or_tell(deadline, own.write_limit, error,
                   [&](Deadline& until, int& stop) { return write_full(own, buffers, until, stop); });
}

void StreamSocket::shutdown_write() {
    std::error_code error;
    shutdown(state(), SHUT_WR, error);
    impl::throw_if(error, "shut down the writing to", state());
}

void StreamSocket::shutdown_write(std::error_code& error) noexcept { shutdown(state(), SHUT_WR, error); }

void StreamSocket::shutdown_read() {
    std::error_code error;
    shutdown(state(), SHUT_RD, error);
    impl::throw_if(error, "shut down the reading from", state());
}

void StreamSocket::shutdown_read(std::error_code& error) noexcept { shutdown(state(), SHUT_RD, error); }

const Endpoint& StreamSocket::remote_endpoint() const noexcept { return state().remote; }

}  // namespace weft::net
