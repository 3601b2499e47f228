// Making and asking sockets: the system calls that never wait.
#pragma once

#include <sys/socket.h>

#include <weft/base/unique_fd.hpp>
#include <weft/net/address.hpp>
#include <weft/net/tcp.hpp>

namespace weft::impl {

/// A new non-blocking close-on-exec socket. Throws std::system_error.
UniqueFd open_socket(int family, int type, int protocol = 0);
/// The same without throwing: -1 with errno.
int try_open_socket(int family, int type, int protocol) noexcept;

/// Each throws std::system_error whose text names the endpoint or the option.
void bind_socket(int fd, const net::Endpoint& endpoint);
void listen_socket(int fd, const net::Endpoint& endpoint, int backlog);
void set_socket_option(int fd, int level, int name, int value);
void set_linger(int fd, bool reset);
int socket_option(int fd, int level, int name);

/// No endpoint where the socket has none.
net::Endpoint local_name(int fd) noexcept;
net::Endpoint remote_name(int fd) noexcept;

/// A listening TCP socket. Throws std::system_error that names the endpoint.
UniqueFd open_tcp_listener(const net::Endpoint& endpoint, const net::ListenOptions& options);

/// Who is at the other end of a Unix stream. Throws std::system_error.
ucred peer_credentials(int fd);

/// Two connected Unix sockets. Throws std::system_error.
void open_socket_pair(int type, UniqueFd (&ends)[2]);

/// Checks a socket that is taken over: its type and, where not -1, whether it listens; makes it non-blocking
/// only where it listens, as accepting has no other way not to wait. Throws std::system_error (not_a_socket,
/// invalid_argument) and closes the descriptor.
UniqueFd check_socket(UniqueFd fd, int type, int listening);

}  // namespace weft::impl
