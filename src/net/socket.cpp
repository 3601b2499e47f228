// Ownership, names, options and closing of sockets.
#include <weft/net/socket.hpp>

#include "base/sys.hpp"
#include "io/transfer.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

#include <cerrno>

namespace weft::net {

Socket::Socket() noexcept = default;
Socket::Socket(std::unique_ptr<impl::SocketState> state) noexcept : state_(std::move(state)) {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;

bool Socket::is_open() const noexcept { return native_handle() >= 0; }

int Socket::native_handle() const noexcept { return state().descriptor.fd(); }

Endpoint Socket::local_endpoint() const { return impl::local_name(native_handle()); }

std::unique_ptr<impl::SocketState> Socket::take_state() {
    return state_ ? std::move(state_) : std::make_unique<impl::SocketState>();
}

void Socket::close() noexcept {
    if (state_) {
        state_->close();
    }
}

UniqueFd Socket::release() {
    // A duplicate, so that close() can wake the waiters and disarm the old number before anybody reuses it.
    UniqueFd copy(impl::sys.fcntl(native_handle(), F_DUPFD_CLOEXEC, 0));
    if (copy.get() < 0) {
        impl::throw_error(errno, "release descriptor " + std::to_string(native_handle()));
    }
    close();
    return copy;
}

void Socket::set_read_timeout(Deadline limit) noexcept {
    if (state_) {
        state_->read_limit = limit;
    }
}

void Socket::set_write_timeout(Deadline limit) noexcept {
    if (state_) {
        state_->write_limit = limit;
    }
}

void Socket::wait_readable(Deadline deadline) {
    std::error_code error;
    wait_readable(deadline, error);
    impl::throw_if(error, "wait to read from", state());
}

void Socket::wait_readable(Deadline deadline, std::error_code& error) {
    impl::SocketState& own = state();
    Deadline until = impl::limit(deadline, own.read_limit);
    impl::assign(error, impl::wait_for<false>(own.descriptor, until));
}

void Socket::wait_writable(Deadline deadline) {
    std::error_code error;
    wait_writable(deadline, error);
    impl::throw_if(error, "wait to write to", state());
}

void Socket::wait_writable(Deadline deadline, std::error_code& error) {
    impl::SocketState& own = state();
    Deadline until = impl::limit(deadline, own.write_limit);
    impl::assign(error, impl::wait_for<true>(own.descriptor, until));
}

void Socket::set_option(int level, int name, int value) {
    impl::set_socket_option(native_handle(), level, name, value);
}

int Socket::option(int level, int name) const { return impl::socket_option(native_handle(), level, name); }

}  // namespace weft::net
