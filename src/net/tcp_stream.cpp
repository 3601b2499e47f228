// The TCP stream: making the connection, its options.
#include <weft/net/tcp.hpp>

#include "net/connect.hpp"
#include "net/connect_race.hpp"
#include "net/look_up.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

#include <netinet/tcp.h>

namespace weft::net {

TcpStream::TcpStream(std::unique_ptr<impl::SocketState> state) noexcept : StreamSocket(std::move(state)) {}

TcpStream::TcpStream(UniqueFd socket) {
    socket = impl::check_socket(std::move(socket), SOCK_STREAM, 0);
    const Endpoint remote = impl::remote_name(socket.get());
    *this = TcpStream(std::make_unique<impl::SocketState>(std::move(socket), remote));
}

TcpStream TcpStream::connect(std::string_view address, Deadline deadline) {
    impl::ConnectTrial trial(deadline);
    const HostPort name = split_host_port(address);
    auto endpoints = impl::look_up(name, trial.deadline());
    impl::interleave_families(endpoints);
    return TcpStream(trial.run_or_throw(address, endpoints));
}

TcpStream TcpStream::connect(std::string_view address, Deadline deadline, std::error_code& error) {
    impl::ConnectTrial trial(deadline);
    const HostPort name = split_host_port(address);
    auto endpoints = impl::look_up(name, trial.deadline(), error);
    impl::interleave_families(endpoints);
    return error ? TcpStream() : TcpStream(trial.run(endpoints, error));
}

TcpStream TcpStream::connect(const Endpoint& endpoint, Deadline deadline) {
    return connect(std::span(&endpoint, 1), deadline);
}

TcpStream TcpStream::connect(const Endpoint& endpoint, Deadline deadline, std::error_code& error) {
    return connect(std::span(&endpoint, 1), deadline, error);
}

TcpStream TcpStream::connect(std::span<const Endpoint> endpoints, Deadline deadline) {
    return TcpStream(impl::ConnectTrial(deadline).run_or_throw({}, endpoints));
}

TcpStream TcpStream::connect(std::span<const Endpoint> endpoints, Deadline deadline, std::error_code& error) {
    return TcpStream(impl::ConnectTrial(deadline).run(endpoints, error));
}

void TcpStream::set_no_delay(bool on) { set_option(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); }

void TcpStream::set_keep_alive(bool on) { set_option(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0); }

void TcpStream::set_keep_alive(std::chrono::seconds idle, std::chrono::seconds interval, int probes) {
    set_option(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle.count()));
    set_option(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(interval.count()));
    set_option(IPPROTO_TCP, TCP_KEEPCNT, probes);
    set_keep_alive(true);
}

void TcpStream::set_reset_on_close(bool on) { impl::set_linger(native_handle(), on); }

}  // namespace weft::net
