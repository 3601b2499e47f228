// Descriptors made by weft::posix, for tests of calls that have libc's shape.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ostream>
#include <string>
#include <utility>

#include <weft/posix/posix.hpp>
#include <weft/time/deadline.hpp>

namespace weft::test {

/// Closed at its end by posix::close().
class Fd {
public:
    Fd() noexcept = default;
    explicit Fd(int number) noexcept : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Fd() { close(); }

    operator int() const noexcept { return number_; }
    void close() {
        if (number_ >= 0) {
            posix::close(std::exchange(number_, -1));
        }
    }
    /// Somebody else has closed it.
    void lose() noexcept { number_ = -1; }

private:
    int number_ = -1;
};

/// Two connected ends; of a pipe, `one` reads and `other` writes.
struct FdPair {
    Fd one;
    Fd other;
};

inline FdPair socket_pair(int type = SOCK_STREAM) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(posix::socketpair(AF_UNIX, type, 0, ends), 0) << std::strerror(errno);
    return {Fd(ends[0]), Fd(ends[1])};
}

inline FdPair pipe_pair(int flags = 0) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(posix::pipe2(ends, flags), 0) << std::strerror(errno);
    return {Fd(ends[0]), Fd(ends[1])};
}

inline sockaddr_in loopback(unsigned short port = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

inline sockaddr* any(sockaddr_in& address) noexcept { return reinterpret_cast<sockaddr*>(&address); }

/// Where a socket is bound.
inline sockaddr_in address_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd, any(address), &size), 0);
    return address;
}

inline Fd tcp_listener(int backlog = 16) {
    Fd fd(posix::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = loopback();
    EXPECT_EQ(::bind(fd, any(address), sizeof address), 0);
    EXPECT_EQ(::listen(fd, backlog), 0);
    return fd;
}

inline FdPair tcp_fds() {
    const Fd listener = tcp_listener();
    sockaddr_in address = address_of(listener);
    Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(posix::connect(client, any(address), sizeof address), 0) << std::strerror(errno);
    return {std::move(client), Fd(posix::accept(listener, nullptr, nullptr))};
}

/// What a call of libc's shape has returned, and errno where that was -1.
struct Said {
    long long result;
    int error;

    friend bool operator==(const Said&, const Said&) = default;
    friend void PrintTo(const Said& said, std::ostream* out) {
        *out << said.result;
        if (said.error != 0) {
            *out << " (" << std::strerror(said.error) << ")";
        }
    }
};

/// Calls it with another errno than the one that it leaves.
template <class Call>
Said said(Call call) {
    errno = 0;
    const long long result = call();
    return {result, result == -1 ? errno : 0};
}

inline constexpr Said gives(long long result) noexcept { return {result, 0}; }
inline constexpr Said fails(int error) noexcept { return {-1, error}; }

inline bool has_nonblock(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

inline Said send_text(int fd, const std::string& text, int flags = 0) {
    return said([&] { return posix::send(fd, text.data(), text.size(), flags); });
}

/// What one call receives; what it said instead of text where that is -1.
inline std::string received(int fd, std::size_t room = 64, int flags = 0) {
    std::string text(room, '\0');
    const ssize_t size = posix::recv(fd, text.data(), room, flags);
    return size < 0 ? std::strerror(errno) : text.substr(0, static_cast<std::size_t>(size));
}

inline std::string read_text(int fd, std::size_t room = 64) {
    std::string text(room, '\0');
    const ssize_t size = posix::read(fd, text.data(), room);
    return size < 0 ? std::strerror(errno) : text.substr(0, static_cast<std::size_t>(size));
}

inline timeval as_timeval(Duration length) {
    return {
        .tv_sec = length / std::chrono::seconds(1),
        .tv_usec = static_cast<suseconds_t>(length % std::chrono::seconds(1) / std::chrono::microseconds(1))};
}

inline void limit_waits(int fd, int option, Duration length) {
    const timeval limit = as_timeval(length);
    ASSERT_EQ(posix::setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit), 0);
}

/// Sends until nothing more goes in.
inline void fill(int fd) {
    const std::string text(65536, 'x');
    for (const std::size_t part : {text.size(), std::size_t{1}}) {
        while (::send(fd, text.data(), part, MSG_DONTWAIT) > 0) {
        }
    }
}

}  // namespace weft::test
