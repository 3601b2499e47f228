// The TCP listener.
#include <weft/net/tcp.hpp>

#include "net/accept.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

namespace weft::net {

TcpListener::TcpListener(std::unique_ptr<impl::SocketState> state) noexcept : Socket(std::move(state)) {}

TcpListener::TcpListener(UniqueFd socket)
    : TcpListener(
          std::make_unique<impl::SocketState>(impl::check_socket(std::move(socket), SOCK_STREAM, 1))) {}

TcpListener TcpListener::listen(const Endpoint& endpoint, const ListenOptions& options) {
    return TcpListener(std::make_unique<impl::SocketState>(impl::open_tcp_listener(endpoint, options)));
}

TcpListener TcpListener::listen(std::string_view address, const ListenOptions& options) {
    return listen(Endpoint::parse(address), options);
}

TcpStream TcpListener::accept(Deadline deadline) {
    int error = 0;
    auto accepted = impl::accept_stream(state(), deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, "accept on " + endpoint().to_string());
    }
    return TcpStream(std::move(accepted));
}

TcpStream TcpListener::accept(Deadline deadline, std::error_code& error) {
    int number = 0;
    auto accepted = impl::accept_stream(state(), deadline, number);
    impl::assign(error, number);
    return TcpStream(std::move(accepted));
}

}  // namespace weft::net
