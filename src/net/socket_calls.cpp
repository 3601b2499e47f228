// Making and asking sockets.
#include "net/socket_calls.hpp"

#include "base/sys.hpp"
#include "net/socket_state.hpp"

#include <netinet/tcp.h>

#include <cerrno>

namespace weft::impl {

namespace {

net::Endpoint name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (ask(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
        return {};
    }
    try {
        return net::Endpoint::from(reinterpret_cast<const sockaddr*>(&name), size);
    } catch (const std::exception&) {
        return {};  // a family that Endpoint does not know
    }
}

}  // namespace

int try_open_socket(int family, int type, int protocol) noexcept {
    return sys.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

UniqueFd open_socket(int family, int type, int protocol) {
    UniqueFd fd(try_open_socket(family, type, protocol));
    if (fd.get() < 0) {
        throw_error(errno, "open a socket of family " + std::to_string(family));
    }
    return fd;
}

void bind_socket(int fd, const net::Endpoint& endpoint) {
    if (sys.bind(fd, endpoint.data(), endpoint.size()) != 0) {
        throw_error(errno, "bind " + endpoint.to_string());
    }
}

void listen_socket(int fd, const net::Endpoint& endpoint, int backlog) {
    if (sys.listen(fd, backlog) != 0) {
        throw_error(errno, "listen on " + endpoint.to_string());
    }
}

void set_socket_option(int fd, int level, int name, int value) {
    if (sys.setsockopt(fd, level, name, &value, sizeof value) != 0) {
        throw_error(errno, "set option " + std::to_string(name) + " of level " + std::to_string(level) +
                               " on descriptor " + std::to_string(fd));
    }
}

void set_linger(int fd, bool reset) {
    const linger value{reset ? 1 : 0, 0};
    if (sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value) != 0) {
        throw_error(errno, "set SO_LINGER on descriptor " + std::to_string(fd));
    }
}

int socket_option(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    if (sys.getsockopt(fd, level, name, &value, &size) != 0) {
        throw_error(errno, "get option " + std::to_string(name) + " of level " + std::to_string(level) +
                               " on descriptor " + std::to_string(fd));
    }
    return value;
}

net::Endpoint local_name(int fd) noexcept { return name_of(fd, sys.getsockname); }
net::Endpoint remote_name(int fd) noexcept { return name_of(fd, sys.getpeername); }

ucred peer_credentials(int fd) {
    ucred known{};
    socklen_t size = sizeof known;
    if (sys.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &known, &size) != 0) {
        throw_error(errno, "ask for the peer of descriptor " + std::to_string(fd));
    }
    return known;
}

UniqueFd open_tcp_listener(const net::Endpoint& endpoint, const net::ListenOptions& options) {
    UniqueFd fd = open_socket(endpoint.family(), SOCK_STREAM);
    if (options.reuse_address) {
        set_socket_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (options.reuse_port) {
        set_socket_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    }
    if (endpoint.family() == AF_INET6) {
        set_socket_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0);
    }
    if (options.no_delay) {
        // What is accepted inherits it: no system call per connection.
        set_socket_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    }
    bind_socket(fd.get(), endpoint);
    listen_socket(fd.get(), endpoint, options.backlog);
    return fd;
}

void open_socket_pair(int type, UniqueFd (&ends)[2]) {
    int fds[2];
    if (sys.socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        throw_error(errno, "open a pair of sockets");
    }
    ends[0] = UniqueFd(fds[0]);
    ends[1] = UniqueFd(fds[1]);
}

UniqueFd check_socket(UniqueFd fd, int type, int listening) {
    if (socket_option(fd.get(), SOL_SOCKET, SO_TYPE) != type) {
        throw_error(EINVAL,
                    "take over descriptor " + std::to_string(fd.get()) + ", a socket of another type");
    }
    if (listening >= 0 && socket_option(fd.get(), SOL_SOCKET, SO_ACCEPTCONN) != listening) {
        throw_error(EINVAL, "take over descriptor " + std::to_string(fd.get()) +
                                (listening != 0 ? ", which does not listen" : ", which listens"));
    }
    if (listening > 0 && sys.fcntl(fd.get(), F_SETFL, sys.fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0) {
        throw_error(errno, "take over descriptor " + std::to_string(fd.get()));
    }
    return fd;
}

}  // namespace weft::impl
