// Sockets when the system calls below them fail, are interrupted, or do less than asked.
#include <gtest/gtest.h>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using impl::Sys;
using impl::SysOverride;

WEFT_HUB_SUITE(SocketFault);

int calls = 0;

/// Every second call is interrupted by a signal.
bool interrupts() {
    if (++calls % 2 != 0) {
        errno = EINTR;
        return true;
    }
    return false;
}

TEST_P(SocketFault, InterruptedCallsAreRepeated) {
    const SysOverride recv(
        &Sys::recv, +[](int fd, void* to, std::size_t size, int flags) {
            return interrupts() ? -1 : ::recv(fd, to, size, flags);
        });
    const SysOverride send(
        &Sys::send, +[](int fd, const void* from, std::size_t size, int flags) {
            return interrupts() ? -1 : ::send(fd, from, size, flags);
        });
    const SysOverride recvmsg(
        &Sys::recvmsg, +[](int fd, msghdr* message, int flags) {
            return interrupts() ? -1 : ::recvmsg(fd, message, flags);
        });
    const SysOverride sendmsg(
        &Sys::sendmsg, +[](int fd, const msghdr* message, int flags) {
            return interrupts() ? -1 : ::sendmsg(fd, message, flags);
        });
    const SysOverride accept(
        &Sys::accept4, +[](int fd, sockaddr* peer, socklen_t* size, int flags) {
            return interrupts() ? -1 : ::accept4(fd, peer, size, flags);
        });
    calls = 0;
    for_each_stream([](StreamPair pair) {
        const std::string sent = numbered(1'000'000);
        auto writer = spawn([&] {
            pair.one.write_all(sent);
            const ConstBytes parts[] = {sent, sent};
            pair.one.write_all_vectored(parts);
        });
        std::string received(3 * sent.size(), '\0');
        pair.other.read_exact(received);
        EXPECT_TRUE(received == sent + sent + sent);
        writer.get();
    });
    net::UdpSocket udp = net::UdpSocket::bind("127.0.0.1:0");
    udp.send_to("x", udp.local_endpoint());
    char buffer[4];
    EXPECT_EQ(udp.receive(buffer), 1U);
    EXPECT_GT(calls, 20);
}

TEST_P(SocketFault, AnInterruptedConnectIsWaitedForAndNotRepeated) {
    net::TcpListener listener = net::TcpListener::listen("127.0.0.1:0");
    calls = 0;
    const SysOverride connect(
        &Sys::connect, +[](int fd, const sockaddr* peer, socklen_t size) {
            ++calls;
            ::connect(fd, peer, size);
            errno = EINTR;
            return -1;
        });
    EXPECT_TRUE(net::TcpStream::connect(listener.endpoint()).is_open());
    EXPECT_EQ(calls, 1);
}

TEST_P(SocketFault, ShortWritesAndReadsAreContinued) {
    const SysOverride send(
        &Sys::send, +[](int fd, const void* from, std::size_t size, int flags) {
            return ::send(fd, from, std::min<std::size_t>(size, 7), flags);
        });
    const SysOverride sendmsg(
        &Sys::sendmsg, +[](int fd, const msghdr* message, int flags) {
            msghdr short_one = *message;
            iovec part = message->msg_iov[0];
            part.iov_len = std::min<std::size_t>(part.iov_len, 5);
            short_one.msg_iov = &part;
            short_one.msg_iovlen = 1;
            return ::sendmsg(fd, &short_one, flags);
        });
    const SysOverride recv(
        &Sys::recv, +[](int fd, void* to, std::size_t size, int flags) {
            return ::recv(fd, to, std::min<std::size_t>(size, 3), flags);
        });
    for_each_stream([](StreamPair pair) {
        const std::string sent = numbered(1000);
        auto writer = spawn([&] {
            pair.one.write_all(sent);
            const ConstBytes parts[] = {ConstBytes(sent).first(333), ConstBytes(sent).after(333)};
            pair.one.write_all_vectored(parts);
        });
        std::string received(2 * sent.size(), '\0');
        pair.other.read_exact(received);
        EXPECT_EQ(received, sent + sent);
        writer.get();
    });
}

TEST_P(SocketFault, RunningOutOfDescriptorsNamesTheLimit) {
    const SysOverride socket(
        &Sys::socket, +[](int, int, int) {
            errno = EMFILE;
            return -1;
        });
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const std::string limit = "RLIMIT_NOFILE: " + std::to_string(files.rlim_cur);
    for (const auto& error : {error_of([] { (void)net::TcpListener::listen("127.0.0.1:0"); }),
                              error_of([] { (void)net::TcpStream::connect("127.0.0.1:9"); }),
                              error_of([] { (void)net::UdpSocket::open(); })}) {
        EXPECT_EQ(error.code(), std::errc::too_many_files_open);
        EXPECT_NE(std::string(error.what()).find(limit), std::string::npos) << error.what();
    }
}

TEST_P(SocketFault, AcceptAtTheLimitNamesItAndWorksAgainAfterwards) {
    net::TcpListener listener = net::TcpListener::listen("127.0.0.1:0");
    net::TcpStream client = net::TcpStream::connect(listener.endpoint());
    {
        const SysOverride accept(
            &Sys::accept4, +[](int, sockaddr*, socklen_t*, int) {
                errno = ENFILE;
                return -1;
            });
        const auto error = error_of([&] { (void)listener.accept(); });
        EXPECT_EQ(error.code(), std::errc::too_many_files_open_in_system);
        EXPECT_NE(std::string(error.what()).find("fs.file-max"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(listener.accept().is_open());
}

TEST_P(SocketFault, AFailingBindLeavesNoDescriptor) {
    const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
    const SysOverride bind(
        &Sys::bind, +[](int, const sockaddr*, socklen_t) {
            errno = EACCES;
            return -1;
        });
    EXPECT_THROW((void)net::TcpListener::listen("127.0.0.1:80"), std::system_error);
    EXPECT_THROW((void)net::UdpSocket::bind("127.0.0.1:80"), std::system_error);
    EXPECT_THROW((void)net::UnixListener::listen("@name"), std::system_error);
    EXPECT_EQ(UniqueFd(::open("/dev/null", O_RDONLY)).get(), next_number);
}

}  // namespace
}  // namespace weft::test
