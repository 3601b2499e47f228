// Connecting to the first of several endpoints that answers.
#pragma once

#include "net/socket_state.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace weft::impl {

/// One call of connect: its deadline, which counts for all endpoints, and what has gone wrong so far.
class ConnectTrial {
public:
    explicit ConnectTrial(Deadline deadline) noexcept : deadline_(deadline) {}

    /// For looking the name up: the first wait under it fixes it for all that follow.
    Deadline& deadline() noexcept { return deadline_; }

    /// Null with `error` set to the last endpoint's reason where all fail, to timed_out past the deadline.
    std::unique_ptr<SocketState> run(std::span<const net::Endpoint> endpoints, std::error_code& error);

    /// Throws instead, naming `target` (if there is one) and each endpoint.
    std::unique_ptr<SocketState> run_or_throw(std::string_view target,
                                              std::span<const net::Endpoint> endpoints);

private:
    std::unique_ptr<SocketState> run(std::span<const net::Endpoint> endpoints, int& error,
                                     std::string* story);
    std::unique_ptr<SocketState> in_turn(std::span<const net::Endpoint> endpoints, int& error,
                                         std::string* story);
    std::unique_ptr<SocketState> race(std::span<const net::Endpoint> endpoints, int& error,
                                      std::string* story);

    Deadline deadline_;
};

/// A new socket connected to `endpoint`; null with `error` set where that fails. `protocol` as for socket().
std::unique_ptr<SocketState> connect_stream(const net::Endpoint& endpoint, Deadline& deadline, int& error);

}  // namespace weft::impl
