// Connecting to the first of several endpoints that answers.
#include "net/connect.hpp"

#include "base/sys.hpp"
#include "core/hub.hpp"
#include "net/connect_race.hpp"
#include "net/socket_calls.hpp"

#include <netinet/tcp.h>

#include <cerrno>

namespace weft::impl {

std::unique_ptr<SocketState> connect_stream(const net::Endpoint& endpoint, Deadline& deadline, int& error) {
    UniqueFd fd(try_open_socket(endpoint.family(), SOCK_STREAM, 0));
    if (!fd) {
        error = errno;
        return nullptr;
    }
    if (endpoint.is_ip()) {
        const int on = 1;
        sys.setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    auto state = std::make_unique<SocketState>(std::move(fd), endpoint);
    error = connect(state->descriptor, endpoint.data(), endpoint.size(), deadline);
    return error == 0 ? std::move(state) : nullptr;
}

namespace {

void tell(std::string& story, const net::Endpoint& endpoint, const int* reason) {
    story += (story.empty() ? "" : "; ") + endpoint.to_string();
    if (reason != nullptr) {
        story += ": " + std::system_category().message(*reason);
    }
}

}  // namespace

/// One after the other: a single endpoint, or a thread without a hub, which has no fibers to race with.
std::unique_ptr<SocketState> ConnectTrial::in_turn(std::span<const net::Endpoint> endpoints, int& error,
                                                   std::string* story) {
    error = EADDRNOTAVAIL;  // for a list without entries
    for (const net::Endpoint& endpoint : endpoints) {
        auto state = connect_stream(endpoint, deadline_, error);
        if (state) {
            return state;
        }
        if (story != nullptr) {
            tell(*story, endpoint, endpoints.size() > 1 ? &error : nullptr);
        }
    }
    return nullptr;
}

std::unique_ptr<SocketState> ConnectTrial::race(std::span<const net::Endpoint> endpoints, int& error,
                                                std::string* story) {
    ConnectRace race(endpoints);
    auto state = race.run(deadline_);
    if (state) {
        return state;
    }
    for (std::size_t i = 0; i < race.begun(); ++i) {
        error = race.error(i);
        if (story != nullptr) {
            tell(*story, endpoints[i], &error);
        }
    }
    error = race.timed_out() ? ETIMEDOUT : error;
    return nullptr;
}

std::unique_ptr<SocketState> ConnectTrial::run(std::span<const net::Endpoint> endpoints, int& error,
                                               std::string* story) {
    return endpoints.size() > 1 && Hub::current() != nullptr ? race(endpoints, error, story)
                                                             : in_turn(endpoints, error, story);
}

std::unique_ptr<SocketState> ConnectTrial::run(std::span<const net::Endpoint> endpoints,
                                               std::error_code& error) {
    int number = 0;
    auto state = run(endpoints, number, nullptr);
    assign(error, state ? 0 : number);
    return state;
}

std::unique_ptr<SocketState> ConnectTrial::run_or_throw(std::string_view target,
                                                        std::span<const net::Endpoint> endpoints) {
    int error = 0;
    std::string story;
    auto state = run(endpoints, error, &story);
    if (!state) {
        std::string what("connect to ");
        what.append(target)
            .append(target.empty() ? "" : " (")
            .append(story)
            .append(target.empty() ? "" : ")");
        throw_error(error, what);
    }
    return state;
}

}  // namespace weft::impl
