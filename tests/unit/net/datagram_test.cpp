// UDP and Unix datagrams.
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::Datagram;
using net::UdpSocket;
using net::UnixDatagram;
using testing::wait_all_parked;

WEFT_HUB_SUITE(Datagrams);

TEST_P(Datagrams, ArriveWholeWithTheirSender) {
    for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
        UdpSocket receiver = UdpSocket::bind(address);
        UdpSocket sender = UdpSocket::bind(address);
        char buffer[64];
        auto waiting = spawn([&] { return receiver.receive_from(buffer); });
        wait_all_parked();
        EXPECT_FALSE(waiting.ready());
        sender.send_to("one", receiver.local_endpoint());
        sender.send_to("", receiver.local_endpoint());
        const Datagram first = waiting.get();
        EXPECT_EQ(std::string(buffer, first.size), "one");
        EXPECT_EQ(first.from, sender.local_endpoint());
        EXPECT_FALSE(first.truncated);
        EXPECT_EQ(receiver.receive_from(buffer, 1s).size, 0U) << "an empty one counts";
    }
}

TEST_P(Datagrams, ALongerOneThanTheBufferIsCutAndSaysSo) {
    UdpSocket receiver = UdpSocket::bind("127.0.0.1:0");
    UdpSocket sender = UdpSocket::open();
    sender.send_to("0123456789", receiver.local_endpoint());
    sender.send_to("next", receiver.local_endpoint());
    char buffer[4];
    const Datagram cut = receiver.receive_from(buffer);
    EXPECT_EQ(cut.size, 4U);
    EXPECT_TRUE(cut.truncated);
    EXPECT_FALSE(receiver.receive_from(buffer).truncated);
}

TEST_P(Datagrams, OneTooLongToSendIsAnErrorThatNamesTheReceiver) {
    UdpSocket sender = UdpSocket::open();
    const net::Endpoint to = net::Endpoint::parse("127.0.0.1:9");
    const auto error = error_of([&] { sender.send_to(std::string(70'000, 'x'), to); });
    EXPECT_EQ(error.code(), std::errc::message_size);
    EXPECT_NE(std::string(error.what()).find("send 70000 bytes to 127.0.0.1:9"), std::string::npos)
        << error.what();
    std::error_code code;
    sender.send_to(std::string(70'000, 'x'), to, never, code);
    EXPECT_EQ(code, std::errc::message_size);
}

TEST_P(Datagrams, AConnectedSocketLearnsThatNobodyReceives) {
    net::Endpoint nobody;
    { nobody = UdpSocket::bind(own_loopback()).local_endpoint(); }
    UdpSocket socket = UdpSocket::open();
    socket.connect(nobody);
    socket.send("anybody?");
    char buffer[8];
    const auto error = error_of([&] { (void)socket.receive(buffer); });
    EXPECT_EQ(error.code(), std::errc::connection_refused);
    EXPECT_NE(std::string(error.what()).find(nobody.to_string()), std::string::npos) << error.what();
}

// CONFORMANCE 195
TEST_P(Datagrams, ADeadlineOfZeroNeverWaits) {
    UdpSocket socket = UdpSocket::bind("127.0.0.1:0");
    char buffer[8];
    EXPECT_THROW((void)socket.receive_from(buffer, 0s), TimeoutError);
    std::error_code error;
    EXPECT_EQ(socket.receive(buffer, 0s, error), 0U);
    EXPECT_EQ(error, std::errc::timed_out);
    socket.send_to("x", socket.local_endpoint(), 0s);
    EXPECT_EQ(socket.receive(buffer, 0s), 1U);
    socket.set_read_timeout(10ms);
    EXPECT_THROW((void)socket.receive(buffer), TimeoutError);
}

TEST_P(Datagrams, ClosingWakesTheReceiver) {
    UdpSocket socket = UdpSocket::bind("127.0.0.1:0");
    char buffer[8];
    auto waiting = spawn([&] { return error_of([&] { (void)socket.receive_from(buffer); }); });
    wait_all_parked();
    socket.close();
    EXPECT_EQ(waiting.get().code(), std::errc::bad_file_descriptor);
}

TEST_P(Datagrams, AFullUnixReceiverMakesTheSenderWait) {
    auto ends = UnixDatagram::pair();
    auto& sender = ends.first;
    auto& receiver = ends.second;
    std::error_code error;
    int sent = 0;
    while (!error) {
        sender.send("datagram", 0s, error);
        sent += error ? 0 : 1;
    }
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_THROW(sender.send("x", 10ms), TimeoutError);
    auto waiting = spawn([&] { sender.send("last"); });
    wait_all_parked();
    EXPECT_FALSE(waiting.ready());
    char buffer[16];
    for (int i = 0; i < sent; ++i) {
        EXPECT_EQ(receiver.receive(buffer), 8U);
    }
    EXPECT_EQ(receiver.receive(buffer), 4U);
    waiting.get();
}

TEST_P(Datagrams, UnixNamesAreKnownAndPathsGoWithTheirSocket) {
    const std::string path = ::testing::TempDir() + "weft-datagram." + std::to_string(::getpid());
    const std::string abstract = "@weft-datagram." + std::to_string(::getpid());
    {
        UnixDatagram named = UnixDatagram::bind(path);
        UnixDatagram hidden = UnixDatagram::bind(abstract);
        hidden.send_to("hi", named.local_endpoint());
        char buffer[8];
        EXPECT_EQ(named.receive_from(buffer).from.path(), abstract);
        UnixDatagram::open().send_to("yo", named.local_endpoint());
        EXPECT_EQ(named.receive_from(buffer).from.path(), "");
        EXPECT_EQ(::access(path.c_str(), F_OK), 0);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_P(Datagrams, OnlyADatagramSocketCanBeTakenOver) {
    auto ends = net::UnixStream::pair();
    auto& one = ends.first;
    EXPECT_EQ(error_of([&] { UdpSocket socket(one.release()); }).code(), std::errc::invalid_argument);
}

}  // namespace
}  // namespace weft::test
