// What moves bytes between descriptors inside the kernel. Flags of these calls keep pipes from blocking, but not sockets: a fiber
// waits until all that it is about to use is ready.
#include <weft/posix/transfer.hpp>

#include "posix/call.hpp"
#include "posix/files.hpp"
#include "posix/libc.hpp"

#include <weft/posix/descriptor.hpp>
#include <weft/posix/socket.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace weft::posix {

using impl::FdCall;
using impl::FdKind;
using impl::Hub;

namespace {

// What a socket that the poller calls writable takes without waiting.
constexpr std::size_t socket_part = 4096;
constexpr std::size_t copy_part = std::size_t{64} << 10;

/// One end of a transfer.
class End {
public:
    End(Hub& hub, int fd, bool write, bool nonblocking_pipe) noexcept : call_(hub, fd, write), write_(write) {
        if (call_.valid()) {
            kind_ = impl::kind_of(fd, call_.record());
            const bool waits = kind_ != FdKind::file && kind_ != FdKind::unknown;
            waits_ = waits && !(kind_ == FdKind::pollable && nonblocking_pipe) && !call_.nonblocking();
        }
    }
    [[nodiscard]] bool is_socket() const noexcept {
        return kind_ == FdKind::stream || kind_ == FdKind::packets;
    }
    /// Or a terminal, or the like.
    [[nodiscard]] bool is_pipe() const noexcept { return kind_ == FdKind::pollable; }
    [[nodiscard]] bool takes(const off64_t* offset) const noexcept {
        return offset == nullptr || kind_ == FdKind::file;
    }
    /// Whether the call may have to wait for this end.
    [[nodiscard]] bool waits() const noexcept { return waits_; }
    /// Whether the program wants to be told where the call would have to.
    [[nodiscard]] bool declines() const noexcept {
        return !waits_ && kind_ != FdKind::file && kind_ != FdKind::unknown;
    }
    [[nodiscard]] bool is_ready() const noexcept {
        return !waits_ || impl::ready_now(call_.fd(), write_ ? POLLOUT : POLLIN);
    }
    /// 0 or an errno value.
    [[nodiscard]] int wait() noexcept {
        const int error = call_.wait();
        return error == FdCall::lapsed ? EAGAIN : error;
    }

private:
    FdCall call_;
    FdKind kind_ = FdKind::unknown;
    bool write_;
    bool waits_ = false;
};

/// Waits until both are ready at once: 0 or an errno value.
int wait_for_both(End& first, End& second) noexcept {
    for (;;) {
        End* const unready = !first.is_ready() ? &first : !second.is_ready() ? &second : nullptr;
        if (unready == nullptr) {
            return 0;
        }
        if (const int error = unready->wait(); error != 0) {
            return error;
        }
    }
}

/// Calls attempt() when both ends are ready, until it has not failed for want of data or room.
template <class Attempt>
ssize_t move_bytes(Hub& hub, End& in, End& out, Attempt attempt) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    for (;;) {
        if (const int error = wait_for_both(in, out); error != 0) {
            return impl::fail(error);
        }
        const ssize_t moved = attempt();
        if (moved >= 0 || errno != EAGAIN || (!in.waits() && !out.waits())) {
            return moved;
        }
        if (in.is_ready() && out.is_ready()) {
            if (in.declines() || out.declines()) {
                return impl::fail(EAGAIN);
            }
            // Ready, but not for this: what there is does not fit as a whole, for example.
            if (const int error = impl::rest_until(Deadline(std::chrono::milliseconds(1)), true);
                error != 0) {
                return impl::fail(error);
            }
        }
    }
}

/// sendfile() to a socket, which posix::send() waits for.
ssize_t send_from_file(int out, int in, off_t offset, std::size_t count) noexcept {
    const std::unique_ptr<char[]> buffer(new (std::nothrow) char[std::min(count, copy_part)]);
    if (buffer == nullptr) {
        return impl::fail(ENOMEM);
    }
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = posix::pread(in, buffer.get(), std::min(count - done, copy_part),
                                         offset + static_cast<off_t>(done));
        if (got <= 0) {
            return done != 0 ? static_cast<ssize_t>(done) : got;
        }
        const ssize_t sent = posix::send(out, buffer.get(), static_cast<std::size_t>(got), 0);
        if (sent < 0) {
            return done != 0 ? static_cast<ssize_t>(done) : -1;
        }
        done += static_cast<std::size_t>(sent);
        if (sent < got) {
            break;
        }
    }
    return static_cast<ssize_t>(done);
}

ssize_t sendfile_to_socket(int out, int in, off_t* offset, std::size_t count) noexcept {
    const off_t begin = offset != nullptr ? *offset : ::lseek(in, 0, SEEK_CUR);
    if (begin < 0) {
        return offset != nullptr ? impl::fail(EINVAL) : -1;
    }
    const ssize_t sent = send_from_file(out, in, begin, count);
    if (sent > 0 && offset != nullptr) {
        *offset = begin + sent;
    } else if (sent > 0) {
        static_cast<void>(::lseek(in, begin + sent, SEEK_SET));
    }
    return sent;
}

}  // namespace

ssize_t sendfile(int out, int in, off_t* offset, std::size_t count) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || count == 0) {
        return impl::libc.sendfile(out, in, offset, count);
    }
    End from(*hub, in, false, false);
    End to(*hub, out, true, false);
    if (to.is_socket() && to.waits() && impl::kind_of(in, impl::record_of(in)) == FdKind::file) {
        const int error = impl::begin_call(*hub);
        return error != 0 ? impl::fail(error) : sendfile_to_socket(out, in, offset, count);
    }
    if (!from.waits() && !to.waits()) {
        return impl::call_on_file(in, [=] { return impl::libc.sendfile(out, in, offset, count); });
    }
    return move_bytes(*hub, from, to,
                      [=] { return impl::libc.sendfile(out, in, offset, std::min(count, socket_part)); });
}

ssize_t splice(int in, off64_t* in_offset, int out, off64_t* out_offset, std::size_t size,
               unsigned flags) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || size == 0) {
        return impl::libc.splice(in, in_offset, out, out_offset, size, flags);
    }
    const bool nonblocking = (flags & SPLICE_F_NONBLOCK) != 0;
    End from(*hub, in, false, nonblocking);
    End to(*hub, out, true, nonblocking);
    if ((!from.is_pipe() && !to.is_pipe()) || !from.takes(in_offset) || !to.takes(out_offset)) {
        return impl::libc.splice(in, in_offset, out, out_offset, size, flags);  // which refuses that
    }
    const std::size_t most = to.is_socket() && to.waits() ? socket_part : size;
    const unsigned more = from.waits() || to.waits() ? SPLICE_F_NONBLOCK : 0U;
    return move_bytes(*hub, from, to, [=] {
        return impl::libc.splice(in, in_offset, out, out_offset, std::min(size, most), flags | more);
    });
}

ssize_t tee(int in, int out, std::size_t size, unsigned flags) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || size == 0 || (flags & SPLICE_F_NONBLOCK) != 0) {
        return impl::libc.tee(in, out, size, flags);
    }
    End from(*hub, in, false, false);
    End to(*hub, out, true, false);
    if (!from.is_pipe() || !to.is_pipe()) {
        return impl::libc.tee(in, out, size, flags);
    }
    const unsigned more = from.waits() || to.waits() ? SPLICE_F_NONBLOCK : 0U;
    return move_bytes(*hub, from, to, [=] { return impl::libc.tee(in, out, size, flags | more); });
}

ssize_t vmsplice(int fd, const iovec* buffers, std::size_t count, unsigned flags) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || (flags & SPLICE_F_NONBLOCK) != 0) {
        return impl::libc.vmsplice(fd, buffers, count, flags);
    }
    const int status = impl::sys.fcntl(fd, F_GETFL);
    const bool write = status < 0 || (status & O_ACCMODE) != O_RDONLY;
    End pipe(*hub, fd, write, false);
    const unsigned more = pipe.waits() ? SPLICE_F_NONBLOCK : 0U;
    return move_bytes(*hub, pipe, pipe,
                      [=] { return impl::libc.vmsplice(fd, buffers, count, flags | more); });
}

int eventfd_read(int fd, eventfd_t* value) noexcept {
    return posix::read(fd, value, sizeof *value) == sizeof *value ? 0 : -1;
}

int eventfd_write(int fd, eventfd_t value) noexcept {
    return posix::write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}

}  // namespace weft::posix
