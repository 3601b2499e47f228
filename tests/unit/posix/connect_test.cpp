// connect and accept.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/hub_fixture.hpp"
#include "support/narrow_listener.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixConnect);

Said connect_to(int fd, sockaddr_in address) {
    return said([&] { return posix::connect(fd, any(address), sizeof address); });
}

sockaddr_in nobody_there() {
    const Fd bound(posix::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = loopback();
    EXPECT_EQ(::bind(bound, any(address), sizeof address), 0);
    return address_of(bound);
}

TEST_P(PosixConnect, WhereNobodyListensItIsRefused) {
    const Fd own(posix::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(connect_to(own, nobody_there()), fails(ECONNREFUSED));
    const Fd shared(posix::socket(AF_INET, SOCK_STREAM, 0));
    const Fd twin(posix::dup(shared));
    EXPECT_EQ(connect_to(shared, nobody_there()), fails(ECONNREFUSED));
}

TEST_P(PosixConnect, OneThatDoesNotBlockIsInProgressAndPollTellsOfItsEnd) {
    const Fd listener = tcp_listener();
    const Fd client(posix::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    EXPECT_EQ(connect_to(client, address_of(listener)), fails(EINPROGRESS));
    pollfd entry{.fd = client, .events = POLLOUT, .revents = 0};
    EXPECT_EQ(posix::poll(&entry, 1, -1), 1);
    int error = -1;
    socklen_t size = sizeof error;
    ASSERT_EQ(::getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, 0);
}

/// The next connect() stays under way for good.
class Unanswered {
public:
    Unanswered()
        : connect_(
              &impl::Sys::connect, +[](int, const sockaddr*, socklen_t) {
                  errno = EINPROGRESS;
                  return -1;
              }) {}

private:
    impl::SysOverride<int (*)(int, const sockaddr*, socklen_t)> connect_;
};

TEST_P(PosixConnect, UnderWayItEndsWithEbadfWhenAnotherFiberCloses) {
    const Unanswered network;
    FdPair pair = socket_pair();
    fill(pair.one);
    auto connecting = spawn([&] { return connect_to(pair.one, loopback(1)); });
    wait_all_parked();
    EXPECT_FALSE(connecting.ready());
    pair.one.close();
    EXPECT_EQ(connecting.get(), fails(EBADF));
}

TEST_P(PosixConnect, UnderWayItEndsAtTheSocketsLimitAsInProgress) {
    const Unanswered network;
    const FdPair pair = socket_pair();
    fill(pair.one);
    limit_waits(pair.one, SO_SNDTIMEO, 5ms);
    EXPECT_EQ(connect_to(pair.one, loopback(1)), fails(EINPROGRESS));
}

TEST_P(PosixConnect, UnderWayItIsCancelled) {
    const Unanswered network;
    const FdPair pair = socket_pair();
    fill(pair.one);
    auto connecting = spawn([&] { return connect_to(pair.one, loopback(1)); });
    wait_all_parked();
    connecting.cancel();
    EXPECT_EQ(connecting.get(), fails(ECANCELED));
    EXPECT_FALSE(move_on_after(5ms, [&] {
        EXPECT_EQ(connect_to(pair.one, loopback(1)), fails(ETIMEDOUT));
        sleep_for(1h);
    }));
}

TEST_P(PosixConnect, AFullBacklogOfAUnixListenerIsWaitedFor) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        NarrowListener listener(type);
        std::vector<Fd> clients;
        std::vector<Fiber<Said>> connecting;
        for (int i = 0; i < 3; ++i) {
            clients.emplace_back(posix::socket(AF_UNIX, type, 0));
        }
        for (Fd& client : clients) {
            connecting.push_back(spawn([&] {
                return said([&] { return posix::connect(client, listener.name(), listener.length); });
            }));
        }
        sleep_for(1ms);
        EXPECT_TRUE(connecting[0].ready());
        EXPECT_FALSE(connecting[2].ready());
        std::vector<Fd> servers;
        for (int i = 0; i < 3; ++i) {
            servers.emplace_back(posix::accept(listener.fd, nullptr, nullptr));
            EXPECT_GE(servers.back(), 0);
        }
        for (auto& one : connecting) {
            EXPECT_EQ(one.get(), gives(0));
        }
    }
}

TEST_P(PosixConnect, AFullBacklogIsWaitedForUntilTheSocketsLimitOrACancellation) {
    NarrowListener listener(SOCK_STREAM);
    const Fd first(posix::socket(AF_UNIX, SOCK_STREAM, 0));
    const Fd second(posix::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(posix::connect(first, listener.name(), listener.length), 0);
    const auto connect_second = [&] {
        return said([&] { return posix::connect(second, listener.name(), listener.length); });
    };
    auto cancelled = spawn(connect_second);
    wait_all_parked();
    cancelled.cancel();
    EXPECT_EQ(cancelled.get(), fails(ECANCELED));
    limit_waits(second, SO_SNDTIMEO, 5ms);
    EXPECT_EQ(connect_second(), fails(EAGAIN));
}

TEST_P(PosixConnect, APacketSocketIsConnectedAtOnce) {
    const Fd one(posix::socket(AF_INET, SOCK_DGRAM, 0));
    const Fd other(posix::socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in here = loopback();
    ASSERT_EQ(::bind(other, any(here), sizeof here), 0);
    EXPECT_EQ(connect_to(one, address_of(other)), gives(0));
    EXPECT_EQ(send_text(one, "x"), gives(1));
    EXPECT_EQ(received(other), "x");
}

TEST_P(PosixConnect, BadArgumentsAreRefusedAsLibcDoes) {
    const Fd fd(posix::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = loopback(1);
    EXPECT_EQ(said([&] { return posix::connect(fd, any(address), 2); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::connect(fd, nullptr, sizeof address); }), fails(EFAULT));
    EXPECT_EQ(connect_to(-1, address), fails(EBADF));
    EXPECT_EQ(said([&] { return posix::accept(fd, nullptr, nullptr); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::accept(-1, nullptr, nullptr); }), fails(EBADF));
}

// --- accept ---

Fd client_of(int listener) {
    Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(connect_to(client, address_of(listener)), gives(0));
    return client;
}

TEST_P(PosixConnect, AcceptWaitsAndTellsWhoHasCome) {
    const Fd listener = tcp_listener();
    sockaddr_in peer{};
    auto accepting = spawn([&] {
        socklen_t size = sizeof peer;
        return Fd(posix::accept(listener, any(peer), &size));
    });
    wait_all_parked();
    EXPECT_FALSE(accepting.ready());
    const Fd client = client_of(listener);
    const Fd server = std::move(accepting).get();
    EXPECT_EQ(peer.sin_port, address_of(client).sin_port);
    EXPECT_EQ(send_text(client, "x"), gives(1));
    EXPECT_EQ(received(server), "x");
}

TEST_P(PosixConnect, SeveralFibersAcceptFromOneListener) {
    const Fd listener = tcp_listener();
    std::vector<Fiber<bool>> accepting;
    for (int i = 0; i < 3; ++i) {
        accepting.push_back(spawn([&] { return Fd(posix::accept(listener, nullptr, nullptr)) >= 0; }));
    }
    wait_all_parked();
    std::vector<Fd> clients;
    while (clients.size() < accepting.size()) {
        clients.push_back(client_of(listener));
    }
    for (auto& one : accepting) {
        EXPECT_TRUE(one.get());
    }
}

TEST_P(PosixConnect, AListenerThatIsSharedAcceptsAndStaysBlocking) {
    const Fd listener = tcp_listener();
    const Fd twin(posix::dup(listener));
    auto accepting = spawn([&] { return Fd(posix::accept(listener, nullptr, nullptr)); });
    wait_all_parked();
    EXPECT_FALSE(has_nonblock(twin));
    const Fd client = client_of(listener);
    const Fd server = std::move(accepting).get();
    send_text(client, "x");
    EXPECT_EQ(received(server), "x");
}

TEST_P(PosixConnect, AListenerThatIsInheritedAcceptsInTheChild) {
    const Fd listener = tcp_listener();
    const pid_t child = posix::fork();
    if (child == 0) {
        const Fd server(posix::accept(listener, nullptr, nullptr));
        ::_exit(received(server) == "x" ? 0 : 1);
    }
    const Fd client = client_of(listener);
    send_text(client, "x");
    EXPECT_EQ(await_child(child), ChildEnd::exit(0));
}

TEST_P(PosixConnect, AcceptEndsWithEbadfWhenTheListenerIsClosed) {
    Fd listener = tcp_listener();
    auto accepting = spawn([&] { return said([&] { return posix::accept(listener, nullptr, nullptr); }); });
    wait_all_parked();
    listener.close();
    EXPECT_EQ(accepting.get(), fails(EBADF));
}

TEST_P(PosixConnect, AcceptEndsWithEinvalWhenTheListenerIsShutDown) {
    const Fd listener = tcp_listener();
    auto accepting = spawn([&] { return said([&] { return posix::accept(listener, nullptr, nullptr); }); });
    wait_all_parked();
    ::shutdown(listener, SHUT_RDWR);
    EXPECT_EQ(accepting.get(), fails(EINVAL));
}

}  // namespace
}  // namespace weft::test
