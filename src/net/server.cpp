// The public face of the server.
#include <weft/net/server.hpp>

#include "net/server_core.hpp"

#include <weft/scope/scope.hpp>

#include <stdexcept>
#include <utility>

namespace weft::net {

Server::Server(TcpListener listener, std::function<void(TcpStream)> handler, ServerOptions options)
    : core_(std::make_unique<impl::ServerCore>(
          listener.take_state(), true,
          [call = std::move(handler)](std::unique_ptr<impl::SocketState> state) {
              call(TcpStream(std::move(state)));
          },
          std::move(options))) {}

Server::Server(UnixListener listener, std::function<void(UnixStream)> handler, ServerOptions options)
    : core_(std::make_unique<impl::ServerCore>(
          listener.take_state(), false,
          [call = std::move(handler)](std::unique_ptr<impl::SocketState> state) {
              call(UnixStream(std::move(state)));
          },
          std::move(options))) {}

Server::~Server() = default;

void Server::start() {
    if (!core_->start()) {
        throw std::logic_error("a server that has been stopped cannot start again");
    }
}

void Server::run() {
    if (!core_->start()) {
        return;
    }
    try {
        core_->wait_until_stopped();
    } catch (...) {  // cancelled or killed
        const Shield shield;
        core_->request_stop(Duration::zero());
        core_->wait_until_stopped();
        throw;
    }
    core_->rethrow_failure();
}

void Server::stop(Deadline deadline) {
    core_->request_stop(deadline);
    core_->wait_until_stopped();
}

void Server::request_stop(Deadline deadline) { core_->request_stop(deadline); }

const Endpoint& Server::endpoint() const noexcept { return core_->endpoint(); }

bool Server::running() const noexcept { return core_->running(); }

std::size_t Server::connections() const noexcept { return core_->connections(); }

}  // namespace weft::net
