// TCP: connecting, listening, options.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/tcp.h>

#include <chrono>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::Endpoint;
using net::TcpListener;
using net::TcpStream;
using testing::wait_all_parked;

WEFT_HUB_SUITE(Tcp);

/// An endpoint of this machine that nobody listens at.
Endpoint refusing_endpoint() {
    const TcpListener gone = TcpListener::listen(own_loopback());
    return gone.endpoint();
}

/// A listener that answers no more, as its queue is full: connecting takes for ever.
class SilentServer {
public:
    SilentServer() {
        while (waiting_.size() < 10) {
            std::error_code error;
            waiting_.push_back(TcpStream::connect(endpoint(), 50ms, error));
            if (error == std::errc::timed_out) {
                return;
            }
        }
        ADD_FAILURE() << "the queue never fills";
    }
    Endpoint endpoint() const { return listener_.endpoint(); }

private:
    TcpListener listener_ = TcpListener::listen("127.0.0.1:0", {.backlog = 0});
    std::vector<TcpStream> waiting_;
};

// CONFORMANCE 186
TEST_P(Tcp, ARefusingPortIsConnectionRefusedAndNamed) {
    const Endpoint nowhere = refusing_endpoint();
    const auto error = error_of([&] { (void)TcpStream::connect(nowhere); });
    EXPECT_EQ(error.code(), std::errc::connection_refused);
    EXPECT_NE(std::string(error.what()).find("connect to " + nowhere.to_string()), std::string::npos)
        << error.what();
    std::error_code code;
    EXPECT_FALSE(TcpStream::connect(nowhere, never, code).is_open());
    EXPECT_EQ(code, std::errc::connection_refused);
    const auto unknown = error_of([] { (void)TcpStream::connect("no-such-host.invalid:80"); });
    EXPECT_EQ(unknown.code().category(), net::resolve_category());
}

// CONFORMANCE 197
TEST_P(Tcp, ConnectTriesEachEndpointAndTellsOfAll) {
    TcpListener listener = TcpListener::listen("[::1]:0");
    const Endpoint nowhere = refusing_endpoint();
    const Endpoint some[] = {nowhere, nowhere, listener.endpoint()};
    EXPECT_EQ(TcpStream::connect(some).remote_endpoint(), listener.endpoint());

    const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
    const Endpoint none[] = {nowhere, refusing_endpoint()};
    const std::string text = error_of([&] { (void)TcpStream::connect(none); }).what();
    for (const Endpoint& each : none) {
        EXPECT_NE(text.find(each.to_string() + ": Connection refused"), std::string::npos) << text;
    }
    EXPECT_EQ(UniqueFd(::open("/dev/null", O_RDONLY)).get(), next_number) << "failed sockets are closed";
    std::error_code error;
    (void)TcpStream::connect(std::span<const Endpoint>(), never, error);
    EXPECT_EQ(error, std::errc::address_not_available);
}

TEST_P(Tcp, TheDeadlineOfConnectCountsForAllEndpointsTogether) {
    const SilentServer silent;
    const Endpoint several[] = {silent.endpoint(), silent.endpoint(), silent.endpoint()};
    const TimePoint begun = now();
    EXPECT_THROW((void)TcpStream::connect(several, 40ms), TimeoutError);
    EXPECT_GE(now() - begun, 40ms);
    EXPECT_LT(now() - begun, 5s);
    std::error_code error;
    (void)TcpStream::connect(silent.endpoint(), 1ms, error);
    EXPECT_EQ(error, std::errc::timed_out);
}

TEST_P(Tcp, AConnectThatIsCancelledLeavesNoDescriptor) {
    const SilentServer silent;
    const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
    auto connecting = spawn([&] { (void)TcpStream::connect(silent.endpoint()); });
    wait_all_parked();
    connecting.cancel();
    connecting.join();
    EXPECT_EQ(UniqueFd(::open("/dev/null", O_RDONLY)).get(), next_number);
}

TEST_P(Tcp, ConnectLooksNamesUp) {
    TcpListener listener = TcpListener::listen("127.0.0.1:0");
    const auto address = "localhost:" + std::to_string(listener.endpoint().port());
    EXPECT_EQ(TcpStream::connect(address).remote_endpoint(), listener.endpoint());
    EXPECT_THROW((void)TcpStream::connect("localhost"), std::invalid_argument);
}

// CONFORMANCE 252
TEST_P(Tcp, APortInUseIsAnErrorThatNamesTheAddress) {
    TcpListener first = TcpListener::listen("127.0.0.1:0");
    const auto error = error_of([&] { (void)TcpListener::listen(first.endpoint()); });
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(error.what()).find(first.endpoint().to_string()), std::string::npos)
        << error.what();
    // Nor does sharing help, as the first has not agreed to it.
    EXPECT_EQ(error_of([&] { (void)TcpListener::listen(first.endpoint(), {.reuse_port = true}); }).code(),
              std::errc::address_in_use);
}

TEST_P(Tcp, ListeningWhereOneMayNotIsAnErrorThatNamesTheAddress) {
    const auto foreign = error_of([] { (void)TcpListener::listen("192.0.2.1:0"); });
    EXPECT_EQ(foreign.code(), std::errc::address_not_available);
    EXPECT_NE(std::string(foreign.what()).find("192.0.2.1:0"), std::string::npos);
    const impl::SysOverride refuse(
        &impl::Sys::bind, +[](int, const sockaddr*, socklen_t) {
            errno = EACCES;
            return -1;
        });
    const auto privileged = error_of([] { (void)TcpListener::listen("127.0.0.1:80"); });
    EXPECT_EQ(privileged.code(), std::errc::permission_denied);
    EXPECT_NE(std::string(privileged.what()).find("127.0.0.1:80"), std::string::npos);
    EXPECT_THROW((void)TcpListener::listen("localhost:80"), std::invalid_argument);
}

TEST_P(Tcp, AcceptWaitsAndObeysItsDeadlineAndTheSocketsLimit) {
    TcpListener listener = TcpListener::listen("127.0.0.1:0");
    EXPECT_THROW((void)listener.accept(10ms), TimeoutError);
    listener.set_read_timeout(10ms);
    EXPECT_THROW((void)listener.accept(), TimeoutError);
    std::error_code error;
    EXPECT_FALSE(listener.accept(0s, error).is_open());
    EXPECT_EQ(error, std::errc::timed_out);
    listener.set_read_timeout(never);
    auto accepting = spawn([&] { return listener.accept(); });
    wait_all_parked();
    EXPECT_FALSE(accepting.ready());
    TcpStream client = TcpStream::connect(listener.endpoint());
    EXPECT_EQ(accepting.get().remote_endpoint(), client.local_endpoint());
}

TEST_P(Tcp, ClosingTheListenerWakesWhoAccepts) {
    TcpListener listener = TcpListener::listen("127.0.0.1:0");
    auto accepting = spawn([&] { return error_of([&] { (void)listener.accept(); }); });
    wait_all_parked();
    listener.close();
    EXPECT_EQ(accepting.get().code(), std::errc::bad_file_descriptor);
}

// CONFORMANCE 194
TEST_P(Tcp, AnAcceptedStreamHasNoLimitsOfItsListener) {
    TcpListener listener = TcpListener::listen("127.0.0.1:0");
    listener.set_read_timeout(0s);
    TcpStream client = TcpStream::connect(listener.endpoint());
    TcpStream server = listener.accept();
    char buffer[4];
    auto reader = spawn([&] { return server.read_some(buffer); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    client.write_all("x");
    EXPECT_EQ(reader.get(), 1U);
}

TEST_P(Tcp, BothEndsBeginWithoutDelayUnlessToldOtherwise) {
    auto ends = tcp_pair();
    auto& client = ends.first;
    auto& server = ends.second;
    EXPECT_NE(client.option(IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(server.option(IPPROTO_TCP, TCP_NODELAY), 0);
    client.set_no_delay(false);
    EXPECT_EQ(client.option(IPPROTO_TCP, TCP_NODELAY), 0);
    TcpListener plain = TcpListener::listen("127.0.0.1:0", {.no_delay = false});
    TcpStream other = TcpStream::connect(plain.endpoint());
    EXPECT_EQ(plain.accept().option(IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST_P(Tcp, OptionsReachTheKernelAndBadOnesAreErrors) {
    auto ends = tcp_pair();
    auto& client = ends.first;
    client.set_keep_alive(30s, 5s, 3);
    EXPECT_NE(client.option(SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(client.option(IPPROTO_TCP, TCP_KEEPIDLE), 30);
    EXPECT_EQ(client.option(IPPROTO_TCP, TCP_KEEPINTVL), 5);
    EXPECT_EQ(client.option(IPPROTO_TCP, TCP_KEEPCNT), 3);
    client.set_send_buffer(20'000);
    EXPECT_GE(client.option(SOL_SOCKET, SO_SNDBUF), 20'000);
    EXPECT_EQ(error_of([&] { client.set_option(IPPROTO_TCP, 9999, 1); }).code(),
              std::errc::no_protocol_option);
}

TEST_P(Tcp, ListenersAndStreamsKnowTheirEndpoints) {
    auto ends = tcp_pair("[::1]:0");
    auto& client = ends.first;
    auto& server = ends.second;
    EXPECT_EQ(client.local_endpoint(), server.remote_endpoint());
    EXPECT_EQ(client.remote_endpoint(), server.local_endpoint());
    EXPECT_EQ(client.local_endpoint().address(), net::Address::loopback_v6());
    client.close();
    EXPECT_EQ(client.remote_endpoint(), server.local_endpoint()) << "known after the connection has gone";
}

}  // namespace
}  // namespace weft::test
