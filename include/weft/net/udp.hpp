// UDP sockets.
#pragma once

#include <weft/net/datagram_socket.hpp>

#include <string_view>

namespace weft::net {

class WEFT_API UdpSocket : public DatagramSocket {
public:
    UdpSocket() noexcept = default;
    /// Takes over a UDP socket. Errors: std::system_error when it is none.
    explicit UdpSocket(UniqueFd socket);

    /// Not bound: the first send picks a port. `family` is AF_INET or AF_INET6. Errors: std::system_error.
    [[nodiscard]] static UdpSocket open(int family = AF_INET);
    /// Bound to an endpoint; port 0 lets the system pick one. Errors: std::system_error that names the
    /// endpoint.
    [[nodiscard]] static UdpSocket bind(const Endpoint& endpoint);
    /// The same from text: "127.0.0.1:53", ":53". Errors: also std::invalid_argument for a malformed text.
    [[nodiscard]] static UdpSocket bind(std::string_view address);

    void set_broadcast(bool on) { set_option(SOL_SOCKET, SO_BROADCAST, on ? 1 : 0); }

private:
    explicit UdpSocket(std::unique_ptr<impl::SocketState> state) noexcept;
};

}  // namespace weft::net
