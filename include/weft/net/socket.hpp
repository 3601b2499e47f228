// What every socket has: an owned descriptor, names, options, limits on its calls, closing.
#pragma once

#include <weft/base/export.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/net/address.hpp>
#include <weft/time/deadline.hpp>

#include <memory>

namespace weft::impl {
struct SocketState;
}

namespace weft::net {

/// A descriptor that fibers wait for. Movable; the destructor closes. Any number of fibers and threads may
/// use one socket at the same time, but moving or destroying it while another uses it is a caller's bug;
/// closing it is not.
class WEFT_API Socket {
public:
    /// A closed socket: every call fails with std::errc::bad_file_descriptor.
    Socket() noexcept;
    Socket(Socket&&) noexcept;
    Socket& operator=(Socket&&) noexcept;
    ~Socket();

    [[nodiscard]] bool is_open() const noexcept;
    explicit operator bool() const noexcept { return is_open(); }
    /// The descriptor, still owned by the socket; -1 when closed. For calls that weft does not have.
    [[nodiscard]] int native_handle() const noexcept;
    [[nodiscard]] Endpoint local_endpoint() const;

    /// Closes the descriptor. Fibers and threads that wait for it wake with std::errc::bad_file_descriptor,
    /// on whichever hub they are. Closing twice does nothing.
    void close() noexcept;

    /// Gives the socket up without ending its connection: closes this object and returns a duplicate of the
    /// descriptor. Errors: std::system_error when no descriptor is left.
    [[nodiscard]] UniqueFd release();

    /// Limits each call that has no deadline of its own: a duration (counted anew for each call; zero: take
    /// what is ready), or `never`. A write_all counts it once for the whole of its bytes.
    void set_read_timeout(Deadline limit) noexcept;
    void set_write_timeout(Deadline limit) noexcept;

    /// setsockopt and getsockopt with an int. Errors: std::system_error.
    void set_option(int level, int name, int value);
    [[nodiscard]] int option(int level, int name) const;
    void set_receive_buffer(int bytes) { set_option(SOL_SOCKET, SO_RCVBUF, bytes); }
    void set_send_buffer(int bytes) { set_option(SOL_SOCKET, SO_SNDBUF, bytes); }

protected:
    explicit Socket(std::unique_ptr<impl::SocketState> state) noexcept;
    [[nodiscard]] impl::SocketState& state() const noexcept;
    /// Gives up what stands behind the object, which is closed then; a closed one gives a closed state.
    [[nodiscard]] std::unique_ptr<impl::SocketState> take_state();

private:
    std::unique_ptr<impl::SocketState> state_;
};

}  // namespace weft::net
