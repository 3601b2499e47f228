// Unix-domain sockets: streams, listener, datagrams, and descriptors passed along.
#pragma once

#include <weft/net/datagram_socket.hpp>
#include <weft/net/stream_socket.hpp>

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net {

/// Who is at the other end of a Unix stream, as the kernel knows it.
struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Bytes that arrived, with the descriptors that came along.
struct ReceivedFds {
    std::size_t size = 0;       ///< bytes; 0: the peer has ended its half
    std::vector<UniqueFd> fds;  ///< close-on-exec
    bool truncated = false;     ///< more descriptors came than fitted; the kernel has closed the rest
};

/// A Unix-domain byte stream.
class WEFT_API UnixStream : public StreamSocket {
public:
    UnixStream() noexcept = default;
    /// Takes over a connected socket. Errors: std::system_error when it is none.
    explicit UnixStream(UniqueFd socket);

    /// Connects to a path, or to an abstract name that begins with '@'.
    ///
    /// Suspends:  while the listener's queue is full.
    /// Cancel:    no connection is left behind.
    /// Errors:    std::system_error that names the path; TimeoutError; std::invalid_argument for a malformed
    /// path.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] static UnixStream connect(std::string_view path, Deadline deadline = never);
    [[nodiscard]] static UnixStream connect(std::string_view path, Deadline deadline, std::error_code& error);

    /// Two streams connected to each other. Errors: std::system_error.
    [[nodiscard]] static std::pair<UnixStream, UnixStream> pair();

    /// Sends bytes (at least one) with descriptors, which stay open here. At most 253 descriptors.
    ///
    /// Suspends:  while the send buffer is full.
    /// Cancel:    nothing has been sent, or all descriptors and a part of the bytes.
    /// Errors:    std::system_error; TimeoutError past the deadline.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void send_fds(ConstBytes bytes, std::span<const int> fds, Deadline deadline = never);
    void send_fds(ConstBytes bytes, std::span<const int> fds, Deadline deadline, std::error_code& error);

    /// Receives bytes and up to `max_fds` descriptors that came with them.
    ///
    /// Suspends:  while nothing has arrived.
    /// Cancel:    nothing has been received.
    /// Errors:    std::system_error; TimeoutError past the deadline.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] ReceivedFds receive_fds(MutableBytes buffer, std::size_t max_fds,
                                          Deadline deadline = never);
    [[nodiscard]] ReceivedFds receive_fds(MutableBytes buffer, std::size_t max_fds, Deadline deadline,
                                          std::error_code& error);

    /// Errors: std::system_error.
    [[nodiscard]] PeerCredentials peer_credentials() const;

private:
    friend class UnixListener;
    friend class Server;
    explicit UnixStream(std::unique_ptr<impl::SocketState> state) noexcept;
};

/// A listening Unix-domain socket. It removes its path when it closes.
class WEFT_API UnixListener : public Socket {
public:
    UnixListener() noexcept = default;
    /// Takes over a listening socket; its path is left alone. Errors: std::system_error when it is none.
    explicit UnixListener(UniqueFd socket);

    /// Listens at a path, or at an abstract name that begins with '@'. A socket file that nobody listens at
    /// any more is replaced. Errors: std::system_error that names the path; std::invalid_argument for a
    /// malformed one.
    [[nodiscard]] static UnixListener listen(std::string_view path, int backlog = 4096);

    /// Takes the next connection.
    ///
    /// Suspends:  while there is none.
    /// Cancel:    no connection is lost.
    /// Errors:    as TcpListener::accept.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] UnixStream accept(Deadline deadline = never);
    [[nodiscard]] UnixStream accept(Deadline deadline, std::error_code& error);

    [[nodiscard]] Endpoint endpoint() const { return local_endpoint(); }

private:
    friend class Server;
    explicit UnixListener(std::unique_ptr<impl::SocketState> state) noexcept;
};

/// A Unix-domain datagram socket. Datagrams arrive whole, in order, and none is lost: a full receiver makes
/// the sender wait.
class WEFT_API UnixDatagram : public DatagramSocket {
public:
    UnixDatagram() noexcept = default;
    explicit UnixDatagram(UniqueFd socket);

    /// Without a name of its own: it can send, and receive once connected. Errors: std::system_error.
    [[nodiscard]] static UnixDatagram open();
    /// With a path or an abstract name. Errors: std::system_error that names the path; std::invalid_argument.
    [[nodiscard]] static UnixDatagram bind(std::string_view path);
    [[nodiscard]] static std::pair<UnixDatagram, UnixDatagram> pair();

private:
    explicit UnixDatagram(std::unique_ptr<impl::SocketState> state) noexcept;
};

}  // namespace weft::net
