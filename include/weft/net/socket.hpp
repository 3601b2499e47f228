// What every socket has: an owned descriptor, names, options, limits on its calls, closing.
#pragma once

#include <weft/base/export.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/net/address.hpp>
#include <weft/time/deadline.hpp>

#include <memory>

namespace weft::impl {
struct SocketState;
}  // namespace weft::impl

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

    /// Waits until reading, or accepting, would not wait: there is something, or the end, or an error. A
    /// connection that holds no buffer until then costs less while it is idle. What is readable may be taken by
    /// another fiber before this one goes on.
    ///
    /// Suspends:  until something has arrived; for one pass of the hub where it has already.
    /// Cancel:    nothing has been read.
    /// Errors:    std::system_error: TimeoutError past the deadline; bad_file_descriptor when closed, also
    /// meanwhile.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait_readable(Deadline deadline = never);
    void wait_readable(Deadline deadline, std::error_code& error);
    void wait_readable(std::error_code& error) { wait_readable(never, error); }

    /// Waits until a write would not wait: there is room, or an error.
    ///
    /// Suspends:  while the send buffer is full; for one pass of the hub where it is not.
    /// Cancel:    nothing has been written.
    /// Errors:    as wait_readable.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait_writable(Deadline deadline = never);
    void wait_writable(Deadline deadline, std::error_code& error);
    void wait_writable(std::error_code& error) { wait_writable(never, error); }

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
