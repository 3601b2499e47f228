// The waiting calls of net and os.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>
#include <weft/os/signal.hpp>

#include "contract/waiting_call.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

/// Sends until the kernel takes no more, without weft.
void fill(int fd) {
    const std::array<char, 4096> zeros{};
    while (::send(fd, zeros.data(), zeros.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
    while (::send(fd, zeros.data(), 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
}

/// Takes all that has arrived, without weft; returns how much.
std::size_t drain(int fd) {
    std::array<char, 65536> buffer;
    std::size_t total = 0;
    ssize_t size = 0;
    while ((size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
        total += static_cast<std::size_t>(size);
    }
    return total;
}

bool readable(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
}

std::string unused_name(const char* what) {
    static int count = 0;
    return "@weft-contract-" + std::string(what) + "-" + std::to_string(getpid()) + "-" +
           std::to_string(++count);
}

// --- streams ---

struct ReadSome : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(streams.first.read_some(buffer, deadline), 2U); }
    void fulfil() override { EXPECT_EQ(::send(streams.second.native_handle(), "xy", 2, 0), 2); }
    void expect_untouched() override { EXPECT_FALSE(readable(streams.first.native_handle())); }
    std::pair<net::UnixStream, net::UnixStream> streams = net::UnixStream::pair();
    std::array<char, 2> buffer{};
};
WEFT_WAITING_CALL("StreamSocket::read_some", ReadSome);

struct ReadExact : ReadSome {
    void call(Deadline deadline) override { streams.first.read_exact(buffer, deadline); }
};
WEFT_WAITING_CALL("StreamSocket::read_exact", ReadExact);

struct ReadSomeVectored : ReadSome {
    void call(Deadline deadline) override {
        const MutableBytes all = buffer;
        const std::array<MutableBytes, 2> parts{all.first(1), all.after(1)};
        EXPECT_EQ(streams.first.read_some_vectored(parts, deadline), 2U);
    }
};
WEFT_WAITING_CALL("StreamSocket::read_some_vectored", ReadSomeVectored);

struct WaitReadable : ReadSome {
    void call(Deadline deadline) override { streams.first.wait_readable(deadline); }
};
WEFT_WAITING_CALL("Socket::wait_readable", WaitReadable);

struct ReceiveFds : ReadSome {
    void call(Deadline deadline) override {
        EXPECT_EQ(streams.first.receive_fds(buffer, 1, deadline).size, 2U);
    }
};
WEFT_WAITING_CALL("UnixStream::receive_fds", ReceiveFds);

/// The send buffer is full.
struct WriteSome : WaitingCall {
    WriteSome() {
        fill(streams.first.native_handle());
        // What is in there, so that nothing can be added unseen.
        socklen_t size = sizeof buffered;
        EXPECT_EQ(getsockopt(streams.first.native_handle(), SOL_SOCKET, SO_SNDBUF, &buffered, &size), 0);
    }
    void call(Deadline deadline) override { EXPECT_EQ(streams.first.write_some("x", deadline), 1U); }
    void fulfil() override { EXPECT_GT(drain(streams.second.native_handle()), 0U); }
    void expect_untouched() override {
        EXPECT_LT(::send(streams.first.native_handle(), "x", 1, MSG_DONTWAIT), 0)
            << "it is as full as before";
    }
    std::pair<net::UnixStream, net::UnixStream> streams = net::UnixStream::pair();
    int buffered = 0;
};
WEFT_WAITING_CALL("StreamSocket::write_some", WriteSome);

struct WriteAll : WriteSome {
    void call(Deadline deadline) override { streams.first.write_all("xy", deadline); }
};
WEFT_WAITING_CALL("StreamSocket::write_all", WriteAll);

struct WriteAllVectored : WriteSome {
    void call(Deadline deadline) override {
        const std::array<ConstBytes, 2> parts{ConstBytes("x"), ConstBytes("y")};
        streams.first.write_all_vectored(parts, deadline);
    }
};
WEFT_WAITING_CALL("StreamSocket::write_all_vectored", WriteAllVectored);

struct WaitWritable : WriteSome {
    void call(Deadline deadline) override { streams.first.wait_writable(deadline); }
};
WEFT_WAITING_CALL("Socket::wait_writable", WaitWritable);

struct SendFds : WriteSome {
    void call(Deadline deadline) override { streams.first.send_fds("x", std::array{STDIN_FILENO}, deadline); }
};
WEFT_WAITING_CALL("UnixStream::send_fds", SendFds);

// --- datagrams ---

struct Receive : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(sockets.first.receive(buffer, deadline), 2U); }
    void fulfil() override { EXPECT_EQ(::send(sockets.second.native_handle(), "xy", 2, 0), 2); }
    void expect_untouched() override { EXPECT_FALSE(readable(sockets.first.native_handle())); }
    std::pair<net::UnixDatagram, net::UnixDatagram> sockets = net::UnixDatagram::pair();
    std::array<char, 2> buffer{};
};
WEFT_WAITING_CALL("DatagramSocket::receive", Receive);

struct ReceiveFrom : Receive {
    void call(Deadline deadline) override {
        EXPECT_EQ(sockets.first.receive_from(buffer, deadline).size, 2U);
    }
};
WEFT_WAITING_CALL("DatagramSocket::receive_from", ReceiveFrom);

struct Send : WaitingCall {
    Send() { fill(sockets.first.native_handle()); }
    void call(Deadline deadline) override { sockets.first.send("x", deadline); }
    void fulfil() override { EXPECT_GT(drain(sockets.second.native_handle()), 0U); }
    void expect_untouched() override {
        EXPECT_LT(::send(sockets.first.native_handle(), "x", 1, MSG_DONTWAIT), 0)
            << "it is as full as before";
    }
    std::pair<net::UnixDatagram, net::UnixDatagram> sockets = net::UnixDatagram::pair();
};
WEFT_WAITING_CALL("DatagramSocket::send", Send);

/// The queue of a receiver that the sender is not connected to is full: no poller tells when it is not any more.
struct SendTo : WaitingCall {
    SendTo() {
        const net::Endpoint to = receiver.local_endpoint();
        while (::sendto(sender.native_handle(), "x", 1, MSG_DONTWAIT, to.data(), to.size()) > 0) {
        }
    }
    void call(Deadline deadline) override { sender.send_to("x", receiver.local_endpoint(), deadline); }
    void fulfil() override { EXPECT_GT(drain(receiver.native_handle()), 0U); }
    void expect_untouched() override {
        const net::Endpoint to = receiver.local_endpoint();
        EXPECT_LT(::sendto(sender.native_handle(), "x", 1, MSG_DONTWAIT, to.data(), to.size()), 0);
    }
    net::UnixDatagram receiver = net::UnixDatagram::bind(unused_name("receiver"));
    net::UnixDatagram sender = net::UnixDatagram::open();
};
WEFT_WAITING_CALL("DatagramSocket::send_to", SendTo);

// --- connections ---

/// A client that does without weft.
struct RawClients {
    void connect_to(const net::Endpoint& server) {
        UniqueFd client(::socket(server.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(client.get(), server.data(), server.size()), 0);
        open.push_back(std::move(client));
    }
    std::vector<UniqueFd> open;
};

struct TcpAccept : WaitingCall {
    void call(Deadline deadline) override { static_cast<void>(listener.accept(deadline)); }
    void fulfil() override { clients.connect_to(listener.endpoint()); }
    void expect_untouched() override {
        EXPECT_LT(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK), 0);
    }
    net::TcpListener listener = net::TcpListener::listen("127.0.0.1:0");
    RawClients clients;
};
WEFT_WAITING_CALL("TcpListener::accept", TcpAccept);

struct UnixAccept : WaitingCall {
    void call(Deadline deadline) override { static_cast<void>(listener.accept(deadline)); }
    void fulfil() override { clients.connect_to(listener.endpoint()); }
    void expect_untouched() override {
        EXPECT_LT(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK), 0);
    }
    net::UnixListener listener = net::UnixListener::listen(unused_name("listener"));
    RawClients clients;
};
WEFT_WAITING_CALL("UnixListener::accept", UnixAccept);

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
        count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

/// Its connections go to nobody: each socket becomes one end of a pair that cannot be written to yet.
struct TcpConnect : WaitingCall {
    TcpConnect() { peers.clear(); }
    ~TcpConnect() override { peers.clear(); }
    void call(Deadline deadline) override { static_cast<void>(net::TcpStream::connect(endpoint, deadline)); }
    void fulfil() override {
        for (const UniqueFd& peer : peers) {
            drain(peer.get());
        }
    }
    void expect_untouched() override {
        peers.clear();
        EXPECT_EQ(open_descriptors(), open_before) << "no socket is left behind";
    }

    static int connect(int fd, const sockaddr*, socklen_t) {
        int pair[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        fill(pair[0]);
        EXPECT_EQ(::dup3(pair[0], fd, O_CLOEXEC), fd);
        ::close(pair[0]);
        peers.emplace_back(pair[1]);
        errno = EINPROGRESS;
        return -1;
    }

    static inline std::vector<UniqueFd> peers;
    net::Endpoint endpoint = net::Endpoint::parse("127.0.0.1:9");
    int open_before = open_descriptors();
    impl::SysOverride<int (*)(int, const sockaddr*, socklen_t)> slow{&impl::Sys::connect,
                                                                     &TcpConnect::connect};
};
WEFT_WAITING_CALL("TcpStream::connect", TcpConnect);

struct TcpConnectToSeveral : TcpConnect {
    void call(Deadline deadline) override { static_cast<void>(net::TcpStream::connect(endpoints, deadline)); }
    const net::Endpoint endpoints[2] = {endpoint, net::Endpoint::parse("[::1]:9")};
};
WEFT_WAITING_CALL("TcpStream::connect", TcpConnectToSeveral);

struct UnixConnect : WaitingCall {
    UnixConnect() {
        // The queue of a listener holds one more than its backlog.
        clients.connect_to(listener.endpoint());
    }
    void call(Deadline deadline) override { static_cast<void>(net::UnixStream::connect(name, deadline)); }
    void fulfil() override {
        const UniqueFd taken(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
        EXPECT_TRUE(taken);
    }
    void expect_untouched() override {
        EXPECT_EQ(open_descriptors(), open_before) << "no socket is left behind";
    }
    std::string name = unused_name("full");
    net::UnixListener listener = net::UnixListener::listen(name, 0);
    RawClients clients;
    int open_before = open_descriptors() + 1;  // the client's
};
WEFT_WAITING_CALL("UnixStream::connect", UnixConnect);

/// A resolver that answers when it is told to.
struct Resolve : WaitingCall {
    Resolve() { answering = false; }
    ~Resolve() override {
        fulfil();
        while (asking != 0) {
            std::this_thread::yield();
        }
    }
    void call(Deadline deadline) override {
        EXPECT_FALSE(net::resolve("weft.example", "80", deadline).empty());
    }
    void fulfil() override {
        answering = true;
        answering.notify_all();
    }
    void expect_untouched() override {}

    static int ask(const char*, const char*, const addrinfo* hints, addrinfo** list) {
        ++asking;
        answering.wait(false);
        const int code = ::getaddrinfo("127.0.0.1", "80", hints, list);
        --asking;
        return code;
    }

    static inline std::atomic<bool> answering{false};
    static inline std::atomic<int> asking{0};
    impl::SysOverride<int (*)(const char*, const char*, const addrinfo*, addrinfo**)> slow{
        &impl::Sys::getaddrinfo, &Resolve::ask};
};
WEFT_WAITING_CALL("resolve", Resolve);

// --- signals ---

struct SignalWait : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(signals.wait(deadline), SIGUSR1); }
    void fulfil() override { EXPECT_EQ(::kill(getpid(), SIGUSR1), 0); }
    void expect_untouched() override {}
    os::SignalSet signals{SIGUSR1};
};
WEFT_WAITING_CALL("SignalSet::wait", SignalWait);

struct WaitSignal : SignalWait {
    void call(Deadline deadline) override { EXPECT_EQ(os::wait_signal({SIGUSR2}, deadline), SIGUSR2); }
    void fulfil() override { EXPECT_EQ(::kill(getpid(), SIGUSR2), 0); }
};
WEFT_WAITING_CALL("wait_signal", WaitSignal);

// A server's start and end are no calls that could be taken back: tests/unit/net shows what their cancellation does.
WEFT_WAITS_OTHERWISE("Server::start");
WEFT_WAITS_OTHERWISE("Server::run");
WEFT_WAITS_OTHERWISE("Server::stop");

}  // namespace
}  // namespace weft::test
