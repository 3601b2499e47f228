// What stands behind every socket object, and how its failures are told.
#pragma once

#include "io/io.hpp"

#include <weft/net/address.hpp>
#include <weft/net/socket.hpp>
#include <weft/time/deadline.hpp>

#include <string>
#include <system_error>

namespace weft::impl {

struct SocketState {
    SocketState() = default;
    explicit SocketState(UniqueFd fd, const net::Endpoint& peer = {})
        : descriptor(std::move(fd)), remote(peer) {}

    SocketState(const SocketState&) = delete;
    SocketState& operator=(const SocketState&) = delete;
    ~SocketState() { close(); }

    void close() noexcept;

    Descriptor descriptor;
    Deadline read_limit;
    Deadline write_limit;
    net::Endpoint remote;
    std::string path;  ///< of a listener's socket file, which is removed when it closes
};

/// The state of all socket objects that hold none: each call on it fails with EBADF.
SocketState& closed_state() noexcept;

/// A call's own deadline replaces the socket's limit.
inline Deadline limit(Deadline call, Deadline socket) noexcept { return call.is_never() ? socket : call; }

/// Sets `error` from an errno, 0 clearing it.
inline void assign(std::error_code& error, int number) noexcept {
    // Nearly always both say that nothing is wrong, and the category is a call into another library.
    if (number != 0 || error.value() != 0) [[unlikely]] {
        error.assign(number, std::system_category());
    }
}

/// "<operation> <peer> (descriptor N)".
std::string describe(const char* operation, const SocketState& state);

/// "<operation>: <reason>", with the limit where descriptors have run out.
std::string describe_error(int number, const std::string& what);

/// TimeoutError or system_error "<operation> <whom>: <reason>"; with the limit where descriptors have run
/// out.
[[noreturn]] void throw_error(int number, const std::string& what);
/// The same with describe()'s text.
[[noreturn]] void throw_error(int number, const char* operation, const SocketState& state);
/// For calls whose twin tells of errors by `error`.
inline void throw_if(const std::error_code& error, const char* operation, const SocketState& state) {
    if (error) [[unlikely]] {
        throw_error(error.value(), operation, state);
    }
}

}  // namespace weft::impl

namespace weft::net {

inline impl::SocketState& Socket::state() const noexcept { return state_ ? *state_ : impl::closed_state(); }

}  // namespace weft::net
