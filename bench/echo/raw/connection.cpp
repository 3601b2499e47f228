// Opening and closing of the raw generator's connections.
#include "connection.hpp"

#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace weft::bench {
namespace {

constexpr std::size_t first_echo_bytes = 64;

// Blocking calls here, since connections are made one after the other: no backlog overflows.
int connect_to(const addrinfo& address) {
    const int fd = socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
    if (fd < 0) {
        return -1;
    }
    const timeval limit{5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address.ai_addr, address.ai_addrlen) != 0) {
        const int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

int connect_to_any(const Target& target) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    int fd = -1;
    for (const addrinfo* address = found; address != nullptr && fd < 0; address = address->ai_next) {
        fd = connect_to(*address);
    }
    return fd;
}

bool echo_once(int fd, const Pattern& pattern, Error& error) {
    std::array<char, first_echo_bytes> received{};
    if (send(fd, pattern.at(0), received.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(received.size())) {
        error = error_of_errno(errno);
        return false;
    }
    const ssize_t got = recv(fd, received.data(), received.size(), MSG_WAITALL);
    if (got != static_cast<ssize_t>(received.size())) {
        error = got < 0 ? error_of_errno(errno) : Error::closed;
        return false;
    }
    if (!pattern.matches(0, received.data(), received.size())) {
        error = Error::corrupted;
        return false;
    }
    return true;
}

}  // namespace

Error error_of_errno(int code) {
    switch (code) {
        case ECONNRESET:
        case EPIPE:
            return Error::reset;
        case ECONNREFUSED:
            return Error::connect;
        case EAGAIN:  // a time limit of the socket
        case ETIMEDOUT:
            return Error::stalled;
        default:
            return Error::other;
    }
}

Connection::Connection(int descriptor, std::size_t stream, std::size_t bytes, std::size_t depth)
    : fd(descriptor),
      message_bytes(bytes),
      send_place(Pattern::start_of(stream)),
      receive_place(Pattern::start_of(stream)),
      missing(bytes),
      sent_at(depth) {}

int connect_and_echo_once(const Target& target, const Pattern& pattern, Error& error) {
    const int fd = connect_to_any(target);
    if (fd < 0) {
        error = Error::connect;
        return -1;
    }
    if (!echo_once(fd, pattern, error)) {
        close_with_reset(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

void close_with_reset(int fd) {
    const linger at_once{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

}  // namespace weft::bench
