// Servers on several hubs, on real threads.
#include <weft/net/server.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>

#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::Server;
using net::ServerOptions;
using net::TcpListener;
using net::TcpStream;
using net::UnixListener;
using net::UnixStream;

/// Echoes, and remembers which threads have.
class Echoes {
public:
    void operator()(net::StreamSocket& stream) {
        {
            const std::scoped_lock lock(mutex_);
            threads_.insert(std::this_thread::get_id());
        }
        char buffer[256];
        std::error_code error;
        while (const std::size_t size = stream.read_some(buffer, error)) {
            stream.write_all({buffer, size}, error);
        }
    }
    std::size_t threads() {
        const std::scoped_lock lock(mutex_);
        return threads_.size();
    }

private:
    std::mutex mutex_;
    std::set<std::thread::id> threads_;
};

void expect_echo(net::StreamSocket& stream) {
    stream.write_all("ping");
    char reply[4];
    stream.read_exact(reply, 10s);
    EXPECT_EQ(std::string(reply, 4), "ping");
}

TEST(ServerHubs, ATcpPortIsSharedAmongThem) {
    run([] {
        Echoes echoes;
        Server server(
            TcpListener::listen("127.0.0.1:0"), [&](TcpStream stream) { echoes(stream); },
            ServerOptions{.hubs = 3});
        server.start();
        std::vector<TcpStream> clients;
        for (int i = 0; i < 200; ++i) {
            clients.push_back(TcpStream::connect(server.endpoint()));
        }
        for (TcpStream& client : clients) {
            expect_echo(client);
        }
        EXPECT_EQ(echoes.threads(), 3U);
        EXPECT_EQ(server.connections(), 200U);
        server.stop(0s);
        EXPECT_EQ(server.connections(), 0U);
    });
}

TEST(ServerHubs, AUnixSocketIsServedInTurn) {
    run([] {
        const std::string path = ::testing::TempDir() + "weft-hubs." + std::to_string(::getpid());
        Echoes echoes;
        Server server(
            UnixListener::listen(path), [&](UnixStream stream) { echoes(stream); }, ServerOptions{.hubs = 3});
        server.start();
        std::vector<UnixStream> clients;
        for (int i = 0; i < 6; ++i) {
            clients.push_back(UnixStream::connect(path));
            expect_echo(clients.back());
        }
        EXPECT_EQ(echoes.threads(), 3U);
        server.stop(0s);
    });
}

TEST(ServerHubs, TheBoundOnConnectionsHoldsForAllTogether) {
    run([] {
        Echoes echoes;
        Server server(
            TcpListener::listen("127.0.0.1:0"), [&](TcpStream stream) { echoes(stream); },
            ServerOptions{.max_connections = 1, .hubs = 2});
        server.start();
        // Whichever hub the kernel gives a client to, the one slot finds its way there.
        for (int i = 0; i < 50; ++i) {
            TcpStream client = TcpStream::connect(server.endpoint());
            expect_echo(client);
            EXPECT_EQ(server.connections(), 1U);
        }
    });
}

TEST(ServerHubs, ASecondServerOnThePortFails) {
    run([] {
        Server server(
            TcpListener::listen("127.0.0.1:0"), [](TcpStream) {}, ServerOptions{.hubs = 2});
        server.start();
        EXPECT_EQ(error_of([&] { (void)TcpListener::listen(server.endpoint()); }).code(),
                  std::errc::address_in_use);
    });
}

TEST(ServerHubs, ClientsWhoseConnectionsStandWhenItStopsAreServedOnEveryHub) {
    run([] {
        Echoes echoes;
        Server server(
            TcpListener::listen("127.0.0.1:0"), [&](TcpStream stream) { echoes(stream); },
            ServerOptions{.hubs = 2});
        server.start();
        std::vector<TcpStream> clients;
        for (int i = 0; i < 100; ++i) {
            clients.push_back(TcpStream::connect(server.endpoint()));
            clients.back().write_all("x");
            clients.back().shutdown_write();
        }
        server.stop(10s);
        for (TcpStream& client : clients) {
            char reply[2];
            EXPECT_EQ(client.read_some(reply, 10s), 1U);
        }
    });
}

TEST(ServerHubs, StopsFromAThreadWithoutAHub) {
    Echoes echoes;
    Server server(
        TcpListener::listen("127.0.0.1:0"), [&](TcpStream stream) { echoes(stream); },
        ServerOptions{.hubs = 2});
    std::thread serving([&] { run([&] { server.run(); }); });
    TcpStream client = TcpStream::connect(server.endpoint());
    expect_echo(client);
    server.stop(0s);
    serving.join();
    EXPECT_FALSE(server.running());
}

TEST(ServerHubs, StartAndStopAsOftenAsOneLikes) {
    run([] {
        for (int turn = 0; turn < 20; ++turn) {
            Echoes echoes;
            Server server(
                TcpListener::listen("127.0.0.1:0"), [&](TcpStream stream) { echoes(stream); },
                ServerOptions{.hubs = 2});
            server.start();
            TcpStream client = TcpStream::connect(server.endpoint());
            expect_echo(client);
        }
    });
}

}  // namespace
}  // namespace weft::test
