// TCP: streams and the listener that accepts them.
#pragma once

#include <weft/net/stream_socket.hpp>

#include <chrono>
#include <span>
#include <string_view>

namespace weft::net {

/// A TCP connection. Small writes go out at once (TCP_NODELAY) unless set_no_delay(false) says otherwise.
class WEFT_API TcpStream : public StreamSocket {
public:
    TcpStream() noexcept = default;
    /// Takes over a connected socket. Errors: std::system_error when it is none.
    explicit TcpStream(UniqueFd socket);

    /// Connects to `address`: "host:port", "[::1]:80"; a name is looked up. Several addresses race as RFC 8305
    /// says: IPv6 and IPv4 in turns, the family of the resolver's first one first; the next attempt begins
    /// once the one before has failed, or after 250 ms; the first to connect wins, and the others are closed.
    /// A thread without a hub tries one after the other. The deadline counts for all of it.
    ///
    /// Suspends:  until connected, or all addresses have failed.
    /// Cancel:    no connection is left behind.
    /// Errors:    std::system_error with the reason of the address tried last, naming each; a code of
    ///            resolve_category() for an unknown host; TimeoutError, naming those that were tried;
    ///            std::invalid_argument for a malformed text.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] static TcpStream connect(std::string_view address, Deadline deadline = never);
    [[nodiscard]] static TcpStream connect(std::string_view address, Deadline deadline,
                                           std::error_code& error);

    /// Connects to a known endpoint, or to the first of several that answers: they race as above, in the order
    /// that is given.
    ///
    /// Suspends:  until connected, or all endpoints have failed.
    /// Cancel:    no connection is left behind.
    /// Errors:    std::system_error with the last endpoint's reason, naming each; TimeoutError, naming those
    ///            that were tried.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] static TcpStream connect(const Endpoint& endpoint, Deadline deadline = never);
    [[nodiscard]] static TcpStream connect(const Endpoint& endpoint, Deadline deadline,
                                           std::error_code& error);
    [[nodiscard]] static TcpStream connect(std::span<const Endpoint> endpoints, Deadline deadline = never);
    [[nodiscard]] static TcpStream connect(std::span<const Endpoint> endpoints, Deadline deadline,
                                           std::error_code& error);

    void set_no_delay(bool on);
    /// Probes an idle peer from `idle` on, every `interval`, and gives it up after `probes` without an
    /// answer.
    void set_keep_alive(std::chrono::seconds idle, std::chrono::seconds interval, int probes);
    void set_keep_alive(bool on);
    /// Closing sends a reset and drops what is unsent, instead of delivering it.
    void set_reset_on_close(bool on);

private:
    friend class TcpListener;
    friend class Server;
    explicit TcpStream(std::unique_ptr<impl::SocketState> state) noexcept;
};

struct ListenOptions {
    int backlog = 4096;         ///< the kernel cuts it to net.core.somaxconn
    bool reuse_address = true;  ///< a port whose last connections still linger may be bound again
    bool reuse_port = false;    ///< several listeners share the port, and the kernel its connections
    bool v6_only = false;       ///< an IPv6 listener takes no IPv4 clients
    bool no_delay = true;       ///< accepted streams start with TCP_NODELAY
};

/// A listening TCP socket.
class WEFT_API TcpListener : public Socket {
public:
    TcpListener() noexcept = default;
    /// Takes over a listening socket. Errors: std::system_error when it is none.
    explicit TcpListener(UniqueFd socket);

    /// Listens at an endpoint; port 0 lets the system pick one.
    /// Errors: std::system_error that names the endpoint (port in use, no permission, address not of this
    /// machine).
    [[nodiscard]] static TcpListener listen(const Endpoint& endpoint, const ListenOptions& options = {});
    /// The same from text: "127.0.0.1:80", "[::]:80", ":80". Errors: also std::invalid_argument for a
    /// malformed text.
    [[nodiscard]] static TcpListener listen(std::string_view address, const ListenOptions& options = {});

    /// Takes the next connection.
    ///
    /// Suspends:  while there is none.
    /// Cancel:    no connection is lost.
    /// Errors:    std::system_error (too_many_files_open names the limit); TimeoutError; bad_file_descriptor
    /// when
    ///            closed meanwhile.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    [[nodiscard]] TcpStream accept(Deadline deadline = never);
    [[nodiscard]] TcpStream accept(Deadline deadline, std::error_code& error);

    /// Where it listens, with the port that the system picked.
    [[nodiscard]] Endpoint endpoint() const { return local_endpoint(); }

private:
    friend class Server;
    explicit TcpListener(std::unique_ptr<impl::SocketState> state) noexcept;
};

}  // namespace weft::net
