// The Unix-domain listener.
#include "base/sys.hpp"
#include "net/accept.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

#include <weft/net/unix.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace weft::net {

namespace {

using impl::SocketState;

/// A socket file that nobody listens at: left behind by a process that was killed. Connecting to a file of another
/// kind is refused just so.
bool is_stale(const Endpoint& endpoint, const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) {
        return false;
    }
    const UniqueFd probe = impl::open_socket(AF_UNIX, SOCK_STREAM);
    return impl::sys.connect(probe.get(), endpoint.data(), endpoint.size()) != 0 && errno == ECONNREFUSED;
}

void bind_path(int fd, const Endpoint& endpoint, const std::string& path) {
    if (impl::sys.bind(fd, endpoint.data(), endpoint.size()) == 0) {
        return;
    }
    if (errno == EADDRINUSE && !path.empty() && is_stale(endpoint, path)) {
        ::unlink(path.c_str());
    }
    impl::bind_socket(fd, endpoint);
}

}  // namespace

UnixListener::UnixListener(std::unique_ptr<SocketState> state) noexcept : Socket(std::move(state)) {}

UnixListener::UnixListener(UniqueFd socket)
    : UnixListener(std::make_unique<SocketState>(impl::check_socket(std::move(socket), SOCK_STREAM, 1))) {}

UnixListener UnixListener::listen(std::string_view path, int backlog) {
    const Endpoint endpoint = Endpoint::unix_path(path);
    const bool abstract = endpoint.path().starts_with('@');
    auto state = std::make_unique<SocketState>(impl::open_socket(AF_UNIX, SOCK_STREAM));
    bind_path(state->descriptor.fd(), endpoint, abstract ? std::string() : endpoint.path());
    if (!abstract) {
        state->path = endpoint.path();
    }
    impl::listen_socket(state->descriptor.fd(), endpoint, backlog);
    return UnixListener(std::move(state));
}

UnixStream UnixListener::accept(Deadline deadline) {
    int error = 0;
    auto accepted = impl::accept_stream(state(), deadline, error);
    if (error != 0) [[unlikely]] {
        impl::throw_error(error, "accept on " + endpoint().to_string());
    }
    return UnixStream(std::move(accepted));
}

UnixStream UnixListener::accept(Deadline deadline, std::error_code& error) {
    int number = 0;
    auto accepted = impl::accept_stream(state(), deadline, number);
    impl::assign(error, number);
    return UnixStream(std::move(accepted));
}

}  // namespace weft::net
