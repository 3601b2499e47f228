// The server: its states, its bound, its stop, and what goes wrong in handlers.
#include <weft/net/server.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "context/sanitizer.hpp"
#include "support/hub_fixture.hpp"
#include "support/process_status.hpp"
#include "support/stderr_capture.hpp"
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
using testing::wait_all_parked;

WEFT_HUB_SUITE(ServerTest);

TcpListener listen() { return TcpListener::listen(own_loopback()); }

void echo(net::StreamSocket& stream) {
    char buffer[256];
    while (const std::size_t size = stream.read_some(buffer)) {
        stream.write_all({buffer, size});
    }
}

void echo_tcp(TcpStream stream) { echo(stream); }

/// What comes back for `text`.
std::string ask(net::StreamSocket& stream, std::string_view text) {
    stream.write_all(text);
    std::string reply(text.size(), '\0');
    stream.read_exact(reply);
    return reply;
}

std::string ask(const net::Endpoint& server, std::string_view text) {
    TcpStream stream = TcpStream::connect(server);
    return ask(stream, text);
}

/// The server has closed the connection: in order, or by a reset where it had not read everything.
void expect_closed(net::StreamSocket& stream) {
    char buffer[1];
    std::error_code error;
    EXPECT_EQ(stream.read_some(buffer, 5s, error), 0U);
    EXPECT_NE(error, std::errc::timed_out);
}

// CONFORMANCE 242
TEST_P(ServerTest, StartsOnceStopsOnceAndNeverAgain) {
    Server server(listen(), echo_tcp);
    EXPECT_FALSE(server.running());
    server.start();
    server.start();
    EXPECT_TRUE(server.running());
    EXPECT_EQ(ask(server.endpoint(), "hello"), "hello");
    server.stop();
    EXPECT_FALSE(server.running());
    server.stop();
    EXPECT_THROW(server.start(), std::logic_error);
    server.run();  // has nothing to wait for
    EXPECT_EQ(error_of([&] { (void)TcpStream::connect(server.endpoint()); }).code(),
              std::errc::connection_refused);
}

TEST_P(ServerTest, StoppedBeforeItHasStartedItNeverStarts) {
    Server server(listen(), echo_tcp);
    server.stop();
    EXPECT_THROW(server.start(), std::logic_error);
    EXPECT_EQ(error_of([&] { (void)TcpStream::connect(server.endpoint()); }).code(),
              std::errc::connection_refused);
}

// CONFORMANCE 243
TEST_P(ServerTest, RunReturnsWhenAnotherFiberStopsItAlsoIfItHadBeenStarted) {
    for (const bool started : {false, true}) {
        Server server(listen(), echo_tcp);
        if (started) {
            server.start();
        }
        auto running = spawn([&] { server.run(); });
        wait_all_parked();
        EXPECT_FALSE(running.ready());
        server.stop();
        running.get();
    }
}

TEST_P(ServerTest, StopsFromAnotherThread) {
    Server server(listen(), echo_tcp);
    std::thread other([&] {
        while (!server.running()) {
            std::this_thread::yield();
        }
        server.stop();
    });
    server.run();
    other.join();
}

TEST_P(ServerTest, CancellingRunStopsTheServerAtOnce) {
    Server server(listen(), echo_tcp);
    auto running = spawn([&] { server.run(); });
    wait_all_parked();
    TcpStream client = TcpStream::connect(server.endpoint());
    EXPECT_EQ(ask(client, "x"), "x");
    running.cancel();
    running.join();
    EXPECT_FALSE(server.running());
    expect_closed(client);
}

TEST_P(ServerTest, AHandlerCanStopTheServer) {
    Server* self = nullptr;
    Server server(listen(), [&](TcpStream stream) {
        self->request_stop();
        stream.write_all("bye");
    });
    self = &server;
    auto running = spawn([&] { server.run(); });
    wait_all_parked();
    TcpStream client = TcpStream::connect(server.endpoint());
    char buffer[8];
    EXPECT_EQ(client.read_some(buffer), 3U);
    running.get();
}

// CONFORMANCE 244
TEST_P(ServerTest, AnExceptionInAHandlerEndsItsConnectionAloneAndIsReportedByName) {
    const StderrCapture printed;
    Server server(
        listen(),
        [](TcpStream stream) {
            char buffer[16];
            const std::size_t size = stream.read_some(buffer);
            if (std::string(buffer, size) == "throw") {
                throw std::runtime_error("not today");
            }
            stream.write_all({buffer, size});
        },
        ServerOptions{.name = "shop"});
    server.start();
    TcpStream good = TcpStream::connect(server.endpoint());
    TcpStream bad = TcpStream::connect(server.endpoint());
    const std::string client = bad.local_endpoint().to_string();
    bad.write_all("throw");
    expect_closed(bad);
    EXPECT_EQ(ask(good, "still"), "still");
    EXPECT_EQ(ask(server.endpoint(), "next"), "next");
    server.stop();
    EXPECT_NE(printed.str().find("shop " + client), std::string::npos) << printed.str();
    EXPECT_NE(printed.str().find("not today"), std::string::npos) << printed.str();
}

// CONFORMANCE 246
TEST_P(ServerTest, AFullServerLeavesClientsInTheQueueAndServesThemInOrder) {
    std::vector<std::string> served;
    Server server(
        listen(),
        [&](TcpStream stream) {
            served.push_back(stream.remote_endpoint().to_string());
            echo(stream);
        },
        ServerOptions{.max_connections = 2});
    server.start();
    std::vector<TcpStream> clients;
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(TcpStream::connect(server.endpoint()));
        names.push_back(clients.back().local_endpoint().to_string());
    }
    wait_all_parked();
    EXPECT_EQ(server.connections(), 2U);
    EXPECT_EQ(served.size(), 2U);
    clients[0].close();
    EXPECT_EQ(ask(clients[2], "x"), "x");
    EXPECT_EQ(server.connections(), 2U);
    clients[1].close();
    clients[2].close();
    EXPECT_EQ(ask(clients[3], "x"), "x");
    EXPECT_EQ(ask(clients[4], "x"), "x");
    EXPECT_EQ(served, names);
}

// CONFORMANCE 250
TEST_P(ServerTest, StoppingLetsHandlersFinishUntilTheDeadlineAndThenCancelsThem) {
    enum { running, finished, cancelled } quick = running, slow = running;
    Server server(listen(), [&](TcpStream stream) {
        char kind[1];
        stream.read_exact(kind);
        auto& state = kind[0] == 'q' ? quick : slow;
        try {
            sleep_for(kind[0] == 'q' ? 20ms : 1h);
            stream.write_all("done");
            state = finished;
        } catch (const Cancelled&) {
            state = cancelled;
            throw;
        }
    });
    server.start();
    TcpStream quick_client = TcpStream::connect(server.endpoint());
    TcpStream slow_client = TcpStream::connect(server.endpoint());
    quick_client.write_all("q");
    slow_client.write_all("s");
    wait_all_parked();
    const TimePoint begun = now();
    server.stop(100ms);
    EXPECT_GE(now() - begun, 100ms);
    EXPECT_EQ(quick, finished);
    EXPECT_EQ(slow, cancelled);
    char buffer[8];
    EXPECT_EQ(quick_client.read_some(buffer), 4U);
    expect_closed(slow_client);
    EXPECT_EQ(server.connections(), 0U);
}

TEST_P(ServerTest, StoppingReturnsAsSoonAsTheLastHandlerEnds) {
    Server server(listen(), echo_tcp);
    server.start();
    TcpStream client = TcpStream::connect(server.endpoint());
    EXPECT_EQ(ask(client, "x"), "x");
    auto closing = spawn([&] {
        sleep_for(10ms);
        client.close();
    });
    const TimePoint begun = now();
    server.stop(1h);
    EXPECT_LT(now() - begun, 1min);
    closing.join();
}

TEST_P(ServerTest, ClientsWhoseConnectionsStandWhenItStopsAreServed) {
    int served = 0;
    Server server(listen(), [&](TcpStream stream) {
        echo(stream);
        ++served;
    });
    server.start();
    wait_all_parked();
    std::vector<TcpStream> clients;
    for (int i = 0; i < 20; ++i) {
        std::error_code error;
        clients.push_back(TcpStream::connect(server.endpoint()));
        clients.back().write_all("x");
        clients.back().shutdown_write();
    }
    server.stop(5s);
    EXPECT_EQ(served, 20);
    for (TcpStream& client : clients) {
        char buffer[2];
        EXPECT_EQ(client.read_some(buffer), 1U);
    }
}

TEST_P(ServerTest, EndsWithItsObject) {
    TcpStream client;
    {
        Server server(listen(), echo_tcp);
        server.start();
        client = TcpStream::connect(server.endpoint());
        EXPECT_EQ(ask(client, "x"), "x");
    }
    expect_closed(client);
}

TEST_P(ServerTest, HalfClosedClientsGetAllTheirBytesBack) {
    Server server(listen(), echo_tcp);
    server.start();
    TcpStream client = TcpStream::connect(server.endpoint());
    const std::string sent = numbered(5'000'000);
    auto sender = spawn([&] {
        client.write_all(sent);
        client.shutdown_write();
    });
    std::string received;
    std::string buffer(50'000, '\0');
    while (const std::size_t size = client.read_some(buffer)) {
        received.append(buffer, 0, size);
    }
    EXPECT_TRUE(received == sent);
    sender.get();
}

TEST_P(ServerTest, AClientThatNeverReadsIsEndedByADeadlineAndHoldsNobodyUp) {
    std::size_t written = 0;
    bool timed_out = false;
    Server server(listen(), [&](TcpStream stream) {
        char kind[1];
        stream.read_exact(kind);
        if (kind[0] != 'd') {
            stream.write_all(kind);
            return;
        }
        const std::string chunk(1 << 16, 'x');
        stream.set_write_timeout(50ms);
        try {
            for (;;) {
                written += stream.write_some(chunk);
            }
        } catch (const TimeoutError&) {
            timed_out = true;
        }
    });
    server.start();
    TcpStream deaf = TcpStream::connect(server.endpoint());
    [[maybe_unused]] const long before = test::status_kib("VmRSS");
    deaf.write_all("d");
    wait_all_parked();
    EXPECT_EQ(ask(server.endpoint(), "x"), "x");
    while (!timed_out) {
        sleep_for(10ms);
    }
    EXPECT_LT(written, std::size_t{64} << 20) << "no more than the kernel's buffers";
#if !WEFT_ASAN && !WEFT_TSAN  // which keep freed memory and grow by themselves
    EXPECT_LE(test::status_kib("VmRSS") - before, 1024);
#endif
}

TEST_P(ServerTest, AClientThatResetsInTheMiddleOfAReplyEndsItsHandlerAlone) {
    std::vector<std::error_code> ends;
    Server server(listen(), [&](TcpStream stream) {
        char request[1];
        stream.read_exact(request);
        std::error_code error;
        if (request[0] == 'm') {
            stream.write_all(std::string(32 << 20, 'x'), error);
            ends.push_back(error);
        } else {
            stream.write_all(request);
        }
    });
    server.start();
    TcpStream client = TcpStream::connect(server.endpoint());
    client.write_all("m");
    char buffer[100];
    EXPECT_GT(client.read_some(buffer), 0U);
    client.set_reset_on_close(true);
    client.close();
    EXPECT_EQ(ask(server.endpoint(), "x"), "x");
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_TRUE(ends[0] == std::errc::connection_reset || ends[0] == std::errc::broken_pipe)
        << ends[0].message();
}

TEST_P(ServerTest, ServesUnixSocketsAndTakesThePathAway) {
    const std::string path = ::testing::TempDir() + "weft-server." + std::to_string(::getpid());
    Server server(UnixListener::listen(path), [](UnixStream stream) { echo(stream); });
    server.start();
    EXPECT_EQ(server.endpoint().path(), path);
    UnixStream client = UnixStream::connect(path);
    EXPECT_EQ(ask(client, "unix"), "unix");
    server.stop(0s);
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace weft::test
