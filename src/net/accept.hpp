// Taking one connection, once for TCP and Unix.
#pragma once

#include "net/socket_state.hpp"

#include <memory>

namespace weft::impl {

/// Waits for a connection and makes its state. Null with `error` set where that fails.
std::unique_ptr<SocketState> accept_stream(SocketState& listener, Deadline deadline, int& error);

/// The errors of one connection that was lost before it was accepted: the listener is as good as before.
bool lost_before_accept(int error) noexcept;

/// Descriptors or memory have run out; it may be better later.
bool out_of_resources(int error) noexcept;

}  // namespace weft::impl
