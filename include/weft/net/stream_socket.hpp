// What TCP and Unix streams have in common: reading, writing, half-closing.
#pragma once

#include <weft/base/bytes.hpp>
#include <weft/net/socket.hpp>

#include <cstddef>
#include <span>
#include <system_error>

namespace weft::net {

/// A connected byte stream. One fiber may read while another writes.
///
/// Each call throws std::system_error whose text names the operation, the peer and the descriptor, and
/// TimeoutError past its deadline. The twin with `error` as last parameter reports these there and never
/// throws them; cancellation still unwinds.
class WEFT_API StreamSocket : public Socket {
public:
    StreamSocket() noexcept = default;

    /// Reads what there is, at least one byte. 0: the peer has ended its half (or the buffer is empty).
    ///
    /// Suspends:  while nothing has arrived.
    /// Cancel:    nothing has been read.
    /// Errors:    std::system_error; TimeoutError past the deadline; bad_file_descriptor when closed
    /// meanwhile.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::size_t read_some(MutableBytes buffer, Deadline deadline = never);
    std::size_t read_some(MutableBytes buffer, Deadline deadline, std::error_code& error);
    std::size_t read_some(MutableBytes buffer, std::error_code& error) {
        return read_some(buffer, never, error);
    }

    /// Fills the whole buffer. The twin returns how much it read, and sets no error where the stream ended
    /// early.
    ///
    /// Suspends:  while less has arrived.
    /// Cancel:    what has been read by then is lost.
    /// Errors:    as read_some; EndOfStream where the stream ends first.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void read_exact(MutableBytes buffer, Deadline deadline = never);
    std::size_t read_exact(MutableBytes buffer, Deadline deadline, std::error_code& error);
    std::size_t read_exact(MutableBytes buffer, std::error_code& error) {
        return read_exact(buffer, never, error);
    }

    /// Reads what there is into several buffers, filled in order.
    ///
    /// Suspends:  while nothing has arrived.
    /// Cancel:    nothing has been read.
    /// Errors:    as read_some.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::size_t read_some_vectored(std::span<const MutableBytes> buffers, Deadline deadline = never);
    std::size_t read_some_vectored(std::span<const MutableBytes> buffers, Deadline deadline,
                                   std::error_code& error);

    /// Writes as much as the system takes at once, at least one byte.
    ///
    /// Suspends:  while the send buffer is full.
    /// Cancel:    nothing has been written.
    /// Errors:    std::system_error (broken_pipe once the peer is gone); TimeoutError past the deadline.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    std::size_t write_some(ConstBytes bytes, Deadline deadline = never);
    std::size_t write_some(ConstBytes bytes, Deadline deadline, std::error_code& error);
    std::size_t write_some(ConstBytes bytes, std::error_code& error) {
        return write_some(bytes, never, error);
    }

    /// Writes all bytes; the deadline counts for the whole. The twin returns how many were written.
    ///
    /// Suspends:  while the send buffer is full.
    /// Cancel:    a part may have been written.
    /// Errors:    as write_some.
    /// Threads:   any fiber or thread; the writes of two fibers may mix.
    /// Since:     0.1
    void write_all(ConstBytes bytes, Deadline deadline = never);
    std::size_t write_all(ConstBytes bytes, Deadline deadline, std::error_code& error);
    std::size_t write_all(ConstBytes bytes, std::error_code& error) { return write_all(bytes, never, error); }

    /// Writes all bytes of several buffers in order, with as few system calls as the kernel allows.
    ///
    /// Suspends:  while the send buffer is full.
    /// Cancel:    a part may have been written.
    /// Errors:    as write_some.
    /// Threads:   any fiber or thread; the writes of two fibers may mix.
    /// Since:     0.1
    void write_all_vectored(std::span<const ConstBytes> buffers, Deadline deadline = never);
    std::size_t write_all_vectored(std::span<const ConstBytes> buffers, Deadline deadline,
                                   std::error_code& error);

    /// Ends the outgoing half: the peer reads the end of the stream, and this side may still read.
    void shutdown_write();
    void shutdown_write(std::error_code& error) noexcept;
    /// Ends the incoming half: a reader waiting here reads the end of the stream.
    void shutdown_read();
    void shutdown_read(std::error_code& error) noexcept;

    /// Who is at the other end, as it was when the connection was made.
    [[nodiscard]] const Endpoint& remote_endpoint() const noexcept;

protected:
    explicit StreamSocket(std::unique_ptr<impl::SocketState> state) noexcept;
};

}  // namespace weft::net
