// Connected streams of every kind, for what holds for all of them.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <weft/core/fiber.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>

namespace weft::test {

struct StreamPair {
    net::StreamSocket one;
    net::StreamSocket other;
};

inline std::pair<net::TcpStream, net::TcpStream> tcp_pair(const char* address = "127.0.0.1:0") {
    net::TcpListener listener = net::TcpListener::listen(address);
    net::TcpStream client = net::TcpStream::connect(listener.endpoint());
    return {std::move(client), listener.accept()};
}

/// Port 0 of an address of this machine that no other process uses: a port there is nobody's once it has been given back, not even
/// that of the socket that connects, which has 127.0.0.1.
inline std::string own_loopback() {
    const pid_t process = ::getpid();
    return "127." + std::to_string(1 + (process >> 16)) + '.' + std::to_string((process >> 8) & 0xff) + '.' +
           std::to_string(process & 0xff) + ":0";
}

/// Calls the test with each kind of stream, and names the kind where it fails.
inline void for_each_stream(const std::function<void(StreamPair)>& test) {
    for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
        SCOPED_TRACE(address);
        auto [client, server] = tcp_pair(address);
        test({std::move(client), std::move(server)});
    }
    SCOPED_TRACE("unix");
    auto [one, other] = net::UnixStream::pair();
    test({std::move(one), std::move(other)});
}

/// A text in which every place differs from its neighbours.
inline std::string numbered(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>('!' + (i * 31 + i / 251) % 90);
    }
    return text;
}

/// What the call throws as std::system_error; fails the test where it does not.
template <class Call>
std::system_error error_of(Call call) {
    try {
        call();
    } catch (const std::system_error& error) {
        return error;
    }
    ADD_FAILURE() << "no std::system_error";
    return std::system_error(std::error_code());
}

}  // namespace weft::test
