// Unix-domain streams, and descriptors passed along.
#include "net/connect.hpp"
#include "net/socket_calls.hpp"
#include "net/socket_state.hpp"

#include <weft/net/unix.hpp>

#include <cerrno>
#include <cstring>

namespace weft::net {

namespace {

using impl::SocketState;

/// The kernel's own bound, SCM_MAX_FD.
constexpr std::size_t most_fds = 253;

/// Room for a control message with descriptors.
struct Control {
    alignas(cmsghdr) std::byte room[CMSG_SPACE(most_fds * sizeof(int))] = {};

    void attach(msghdr& message, std::size_t fds) noexcept {
        message.msg_control = room;
        message.msg_controllen = CMSG_SPACE(fds * sizeof(int));
    }
};

void send_with_fds(SocketState& state, ConstBytes bytes, std::span<const int> fds, Deadline& deadline,
                   int& error) {
    if (bytes.empty() || fds.size() > most_fds) {
        error = EINVAL;
        return;
    }
    Control control;
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        control.attach(message, fds.size());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    std::size_t done = 0;
    while (done < bytes.size()) {
        const impl::Transfer sent = impl::sendmsg(state.descriptor, message, 0, deadline);
        if (sent.size < 0) {
            error = sent.error;
            return;
        }
        done += static_cast<std::size_t>(sent.size);
        const ConstBytes rest = bytes.after(done);
        part = {const_cast<std::byte*>(rest.data()), rest.size()};
        message.msg_control = nullptr;  // they went with the first byte
        message.msg_controllen = 0;
    }
}

void collect_fds(msghdr& message, std::vector<UniqueFd>& fds) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + index * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

ReceivedFds receive_with_fds(SocketState& state, MutableBytes buffer, std::size_t max_fds, Deadline& deadline,
                             int& error) {
    ReceivedFds result;
    if (buffer.empty()) {
        return result;
    }
    max_fds = max_fds < most_fds ? max_fds : most_fds;
    result.fds.reserve(most_fds);  // what has been received must not be lost to a failing allocation
    Control control;
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    control.attach(message, max_fds);
    const impl::Transfer got = impl::recvmsg(state.descriptor, message, MSG_CMSG_CLOEXEC, deadline);
    if (got.size < 0) {
        error = got.error;
        return result;
    }
    result.size = static_cast<std::size_t>(got.size);
    collect_fds(message, result.fds);
    result.truncated = (message.msg_flags & MSG_CTRUNC) != 0;
    while (result.fds.size() > max_fds) {  // padding made room for one more
        result.fds.pop_back();
        result.truncated = true;
    }
    return result;
}

}  // namespace

UnixStream::UnixStream(std::unique_ptr<SocketState> state) noexcept : StreamSocket(std::move(state)) {}

UnixStream::UnixStream(UniqueFd socket) {
    socket = impl::check_socket(std::move(socket), SOCK_STREAM, 0);
    const Endpoint remote = impl::remote_name(socket.get());
    *this = UnixStream(std::make_unique<SocketState>(std::move(socket), remote));
}

UnixStream UnixStream::connect(std::string_view path, Deadline deadline) {
    const Endpoint endpoint = Endpoint::unix_path(path);
    return UnixStream(impl::ConnectTrial(deadline).run_or_throw({}, std::span(&endpoint, 1)));
}

UnixStream UnixStream::connect(std::string_view path, Deadline deadline, std::error_code& error) {
    const Endpoint endpoint = Endpoint::unix_path(path);
    return UnixStream(impl::ConnectTrial(deadline).run(std::span(&endpoint, 1), error));
}

std::pair<UnixStream, UnixStream> UnixStream::pair() {
    UniqueFd ends[2];
    impl::open_socket_pair(SOCK_STREAM, ends);
    const Endpoint unnamed = impl::remote_name(ends[0].get());
    auto one = std::make_unique<SocketState>(std::move(ends[0]), unnamed);
    auto other = std::make_unique<SocketState>(std::move(ends[1]), unnamed);
    return {UnixStream(std::move(one)), UnixStream(std::move(other))};
}

void UnixStream::send_fds(ConstBytes bytes, std::span<const int> fds, Deadline deadline) {
    std::error_code error;
    send_fds(bytes, fds, deadline, error);
    impl::throw_if(error, "send descriptors to", state());
}

void UnixStream::send_fds(ConstBytes bytes, std::span<const int> fds, Deadline deadline,
                          std::error_code& error) {
    deadline = impl::limit(deadline, state().write_limit);
    int number = 0;
    send_with_fds(state(), bytes, fds, deadline, number);
    impl::assign(error, number);
}

ReceivedFds UnixStream::receive_fds(MutableBytes buffer, std::size_t max_fds, Deadline deadline) {
    std::error_code error;
    ReceivedFds result = receive_fds(buffer, max_fds, deadline, error);
    impl::throw_if(error, "receive descriptors from", state());
    return result;
}

ReceivedFds UnixStream::receive_fds(MutableBytes buffer, std::size_t max_fds, Deadline deadline,
                                    std::error_code& error) {
    deadline = impl::limit(deadline, state().read_limit);
    int number = 0;
    ReceivedFds result = receive_with_fds(state(), buffer, max_fds, deadline, number);
    impl::assign(error, number);
    return result;
}

PeerCredentials UnixStream::peer_credentials() const {
    const ucred known = impl::peer_credentials(native_handle());
    return {known.pid, known.uid, known.gid};
}

}  // namespace weft::net
