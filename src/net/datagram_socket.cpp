// Sending and receiving of whole messages, once for UDP and Unix.
#include <weft/net/datagram_socket.hpp>

#include "base/sys.hpp"
#include "io/native_wait.hpp"
#include "net/socket_state.hpp"

#include <algorithm>
#include <cerrno>

namespace weft::net {

namespace {

using impl::SocketState;

constexpr const char* receiving = "receive from";
constexpr const char* sending = "send to";

Datagram receive_one(SocketState& state, MutableBytes buffer, Deadline deadline, int& error) {
    deadline = impl::limit(deadline, state.read_limit);
    sockaddr_storage name{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &name;
    message.msg_namelen = sizeof name;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const impl::Transfer result = impl::recvmsg(state.descriptor, message, 0, deadline);
    error = result.error;
    if (result.size < 0) {
        return {};
    }
    return {static_cast<std::size_t>(result.size),
            Endpoint::from(reinterpret_cast<const sockaddr*>(&name), message.msg_namelen),
            (message.msg_flags & MSG_TRUNC) != 0};
}

/// Of a receiver that the socket is not connected to, nothing tells when its full queue has room again: the poller looks at
/// the sender's own buffer only, and always finds it writable.
int send_patiently(SocketState& state, const msghdr& message, Deadline& deadline) {
    constexpr Duration longest_pause = std::chrono::milliseconds(64);
    for (Duration pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, longest_pause)) {
        if (!state.descriptor.is_open()) {
            return EBADF;
        }
        ssize_t sent = 0;
        do {
            sent = impl::sys.sendmsg(state.descriptor.fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
        if (sent >= 0 || errno != EAGAIN) {
            return sent >= 0 ? 0 : errno;
        }
        if (const int error = impl::rest(pause, deadline); error != 0) {
            return error;
        }
    }
}

void send_one(SocketState& state, ConstBytes bytes, const Endpoint* to, Deadline deadline, int& error) {
    deadline = impl::limit(deadline, state.write_limit);
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    if (to != nullptr) {
        message.msg_name = const_cast<sockaddr*>(to->data());
        message.msg_namelen = to->size();
    }
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const bool to_stranger = to != nullptr && to->data()->sa_family == AF_UNIX;
    error = to_stranger ? send_patiently(state, message, deadline)
                        : impl::sendmsg(state.descriptor, message, 0, deadline).error;
}

}  // namespace

DatagramSocket::DatagramSocket(std::unique_ptr<SocketState> state) noexcept : Socket(std::move(state)) {}

Datagram DatagramSocket::receive_from(MutableBytes buffer, Deadline deadline) {
    int error = 0;
    Datagram result = receive_one(state(), buffer, deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, receiving, state());
    }
    return result;
}

Datagram DatagramSocket::receive_from(MutableBytes buffer, Deadline deadline, std::error_code& error) {
    int number = 0;
    Datagram result = receive_one(state(), buffer, deadline, number);
    impl::assign(error, number);
    return result;
}

void DatagramSocket::send_to(ConstBytes bytes, const Endpoint& to, Deadline deadline) {
    int error = 0;
    send_one(state(), bytes, &to, deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, "send " + std::to_string(bytes.size()) + " bytes to " + to.to_string() +
                                     " (descriptor " + std::to_string(native_handle()) + ")");
    }
}

void DatagramSocket::send_to(ConstBytes bytes, const Endpoint& to, Deadline deadline,
                             std::error_code& error) {
    int number = 0;
    send_one(state(), bytes, &to, deadline, number);
    impl::assign(error, number);
}

void DatagramSocket::connect(const Endpoint& peer) {
    if (impl::sys.connect(native_handle(), peer.data(), peer.size()) != 0) {
        impl::throw_error(
            errno, "connect descriptor " + std::to_string(native_handle()) + " to " + peer.to_string());
    }
    state().remote = peer;
}

void DatagramSocket::send(ConstBytes bytes, Deadline deadline) {
    int error = 0;
    send_one(state(), bytes, nullptr, deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, sending, state());
    }
}

void DatagramSocket::send(ConstBytes bytes, Deadline deadline, std::error_code& error) {
    int number = 0;
    send_one(state(), bytes, nullptr, deadline, number);
    impl::assign(error, number);
}

std::size_t DatagramSocket::receive(MutableBytes buffer, Deadline deadline) {
    return receive_from(buffer, deadline).size;
}

std::size_t DatagramSocket::receive(MutableBytes buffer, Deadline deadline, std::error_code& error) {
    return receive_from(buffer, deadline, error).size;
}

}  // namespace weft::net
