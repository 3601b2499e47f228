// Taking one connection.
#include "net/accept.hpp"

#include <cerrno>

namespace weft::impl {

std::unique_ptr<SocketState> accept_stream(SocketState& listener, Deadline deadline, int& error) {
    deadline = limit(deadline, listener.read_limit);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    auto* address = reinterpret_cast<sockaddr*>(&name);
    const Transfer accepted = accept(listener.descriptor, address, &size, deadline);
    error = accepted.error;
    if (accepted.size < 0) {
        return nullptr;
    }
    return std::make_unique<SocketState>(UniqueFd(static_cast<int>(accepted.size)),
                                         net::Endpoint::from(address, size));
}

bool lost_before_accept(int error) noexcept {
    switch (error) {
        case ECONNABORTED:
        case EPERM:  // a firewall rule
        case EPROTO:
        case ENETDOWN:  // Linux hands out the errors of the new connection here: accept(2)
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
            return true;
        default:
            return false;
    }
}

bool out_of_resources(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace weft::impl
