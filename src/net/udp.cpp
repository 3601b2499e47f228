// UDP sockets.
#include <weft/net/udp.hpp>

#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

namespace weft::net {

UdpSocket::UdpSocket(std::unique_ptr<impl::SocketState> state) noexcept : DatagramSocket(std::move(state)) {}

UdpSocket::UdpSocket(UniqueFd socket)
    : UdpSocket(std::make_unique<impl::SocketState>(impl::check_socket(std::move(socket), SOCK_DGRAM, -1))) {}

UdpSocket UdpSocket::open(int family) {
    return UdpSocket(std::make_unique<impl::SocketState>(impl::open_socket(family, SOCK_DGRAM)));
}

UdpSocket UdpSocket::bind(const Endpoint& endpoint) {
    UdpSocket result = open(endpoint.family());
    impl::bind_socket(result.native_handle(), endpoint);
    return result;
}

UdpSocket UdpSocket::bind(std::string_view address) { return bind(Endpoint::parse(address)); }

}  // namespace weft::net
