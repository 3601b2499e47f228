// Unix-domain datagram sockets.
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

#include <weft/net/unix.hpp>

namespace weft::net {

using impl::SocketState;

UnixDatagram::UnixDatagram(std::unique_ptr<SocketState> state) noexcept : DatagramSocket(std::move(state)) {}

UnixDatagram::UnixDatagram(UniqueFd socket)
    : UnixDatagram(std::make_unique<SocketState>(impl::check_socket(std::move(socket), SOCK_DGRAM, -1))) {}

UnixDatagram UnixDatagram::open() {
    return UnixDatagram(std::make_unique<SocketState>(impl::open_socket(AF_UNIX, SOCK_DGRAM)));
}

UnixDatagram UnixDatagram::bind(std::string_view path) {
    const Endpoint endpoint = Endpoint::unix_path(path);
    UnixDatagram result = open();
    impl::bind_socket(result.native_handle(), endpoint);
    if (!endpoint.path().starts_with('@')) {
        result.state().path = endpoint.path();
    }
    return result;
}

std::pair<UnixDatagram, UnixDatagram> UnixDatagram::pair() {
    UniqueFd ends[2];
    impl::open_socket_pair(SOCK_DGRAM, ends);
    auto one = std::make_unique<SocketState>(std::move(ends[0]));
    auto other = std::make_unique<SocketState>(std::move(ends[1]));
    return {UnixDatagram(std::move(one)), UnixDatagram(std::move(other))};
}

}  // namespace weft::net
