// What UDP and Unix datagram sockets have in common.
#pragma once

#include <weft/base/bytes.hpp>
#include <weft/net/socket.hpp>

#include <cstddef>
#include <system_error>

namespace weft::net {

/// One datagram that arrived.
struct Datagram {
    std::size_t size = 0;    ///< bytes in the buffer
    Endpoint from;           ///< the sender; no address for a Unix socket without a name
    bool truncated = false;  ///< it was longer than the buffer; the rest is lost
};

/// A socket for whole messages. Errors as for StreamSocket.
class WEFT_API DatagramSocket : public Socket {
public:
    DatagramSocket() noexcept = default;

    /// Receives one datagram.
    ///
    /// Suspends:  while none has arrived.
    /// Cancel:    no datagram is lost.
    /// Errors:    std::system_error (connection_refused: an earlier one met no receiver); TimeoutError.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] Datagram receive_from(MutableBytes buffer, Deadline deadline = never);
    [[nodiscard]] Datagram receive_from(MutableBytes buffer, Deadline deadline, std::error_code& error);

    /// Sends one datagram.
    ///
    /// Suspends:  while the send buffer (Unix: the receiver's queue) is full.
    /// Cancel:    nothing has been sent.
    /// Errors:    std::system_error (message_size when it is too long) that names the address; TimeoutError.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send_to(ConstBytes bytes, const Endpoint& to, Deadline deadline = never);
    void send_to(ConstBytes bytes, const Endpoint& to, Deadline deadline, std::error_code& error);

    /// Sets whom send() goes to and the only one that is received from. Errors: std::system_error.
    void connect(const Endpoint& peer);

    /// As send_to, to the connected peer.
    ///
    /// Suspends:  while the send buffer (Unix: the receiver's queue) is full.
    /// Cancel:    nothing has been sent.
    /// Errors:    std::system_error; TimeoutError.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send(ConstBytes bytes, Deadline deadline = never);
    void send(ConstBytes bytes, Deadline deadline, std::error_code& error);

    /// As receive_from, without the sender; the bytes of a longer datagram that do not fit are lost.
    ///
    /// Suspends:  while none has arrived.
    /// Cancel:    no datagram is lost.
    /// Errors:    as receive_from.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::size_t receive(MutableBytes buffer, Deadline deadline = never);
    std::size_t receive(MutableBytes buffer, Deadline deadline, std::error_code& error);

protected:
    explicit DatagramSocket(std::unique_ptr<impl::SocketState> state) noexcept;
};

}  // namespace weft::net
