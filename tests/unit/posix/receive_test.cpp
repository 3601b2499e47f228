// recv and its relatives with every flag.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"
#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixReceive);

TEST_P(PosixReceive, ParksUntilThereIsSomethingAndOthersRunMeanwhile) {
    for (const bool tcp : {false, true}) {
        const FdPair pair = tcp ? tcp_fds() : socket_pair();
        auto reader = spawn([&] { return received(pair.one); });
        wait_all_parked();
        EXPECT_FALSE(reader.ready());
        EXPECT_EQ(send_text(pair.other, "hello"), gives(5));
        EXPECT_EQ(reader.get(), "hello");
    }
}

TEST_P(PosixReceive, ReadsTheEndOfTheStreamAsNothing) {
    FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    pair.other.close();
    EXPECT_EQ(reader.get(), "");
    EXPECT_EQ(received(pair.one), "");
}

TEST_P(PosixReceive, AFlagPerCallKeepsItFromWaiting) {
    const FdPair pair = socket_pair();
    EXPECT_EQ(received(pair.one, 8, MSG_DONTWAIT), std::strerror(EAGAIN));
    send_text(pair.other, "x");
    EXPECT_EQ(received(pair.one, 8, MSG_DONTWAIT), "x");
}

TEST_P(PosixReceive, LookingAheadLeavesEverythingThere) {
    const FdPair pair = socket_pair();
    auto peeker = spawn([&] { return received(pair.one, 8, MSG_PEEK); });
    wait_all_parked();
    send_text(pair.other, "ahead");
    EXPECT_EQ(peeker.get(), "ahead");
    EXPECT_EQ(received(pair.one, 8, MSG_PEEK), "ahead");
    EXPECT_EQ(received(pair.one), "ahead");
    EXPECT_EQ(received(pair.one, 8, MSG_DONTWAIT), std::strerror(EAGAIN));
}

TEST_P(PosixReceive, WaitingForAllTakesWhatComesInPieces) {
    for (const bool tcp : {false, true}) {
        const FdPair pair = tcp ? tcp_fds() : socket_pair();
        auto reader = spawn([&] { return received(pair.one, 9, MSG_WAITALL); });
        for (const char* part : {"abc", "def", "ghi"}) {
            wait_all_parked();
            EXPECT_FALSE(reader.ready());
            send_text(pair.other, part);
        }
        EXPECT_EQ(reader.get(), "abcdefghi");
    }
}

TEST_P(PosixReceive, WaitingForAllEndsWithTheStreamAndKeepsWhatCame) {
    FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one, 9, MSG_WAITALL); });
    send_text(pair.other, "abc");
    wait_all_parked();
    pair.other.close();
    EXPECT_EQ(reader.get(), "abc");
}

TEST_P(PosixReceive, WaitingForAllAheadReturnsWhenAllIsThere) {
    const FdPair pair = socket_pair();
    send_text(pair.other, "abc");
    auto reader = spawn([&] { return received(pair.one, 6, MSG_WAITALL | MSG_PEEK); });
    sleep_for(1ms);
    EXPECT_FALSE(reader.ready());
    send_text(pair.other, "def");
    EXPECT_EQ(reader.get(), "abcdef");
    EXPECT_EQ(received(pair.one), "abcdef");
}

TEST_P(PosixReceive, WaitingForAllWithTheSendersNameWaitsForAll) {
    const FdPair pair = tcp_fds();
    auto reader = spawn([&] {
        std::string text(6, '\0');
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got = posix::recvfrom(pair.one, text.data(), 6, MSG_WAITALL, any(from), &size);
        return text.substr(0, static_cast<std::size_t>(got < 0 ? 0 : got));
    });
    send_text(pair.other, "abc");
    sleep_for(1ms);
    send_text(pair.other, "def");
    EXPECT_EQ(reader.get(), "abcdef");
}

TEST_P(PosixReceive, WaitingForAllOnASocketThatDoesNotBlockTakesWhatIsThere) {
    const FdPair pair = socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
    EXPECT_EQ(received(pair.one, 9, MSG_WAITALL), std::strerror(EAGAIN));
    send_text(pair.other, "abc");
    EXPECT_EQ(received(pair.one, 9, MSG_WAITALL), "abc");
}

TEST_P(PosixReceive, AMessageIsFilledOverAllItsBuffers) {
    const FdPair pair = tcp_fds();
    const std::string sent = numbered(5000);
    std::string got(5000, '\0');
    auto reader = spawn([&] {
        std::vector<iovec> parts;
        for (std::size_t at = 0; at < got.size(); at += 50) {
            parts.push_back({got.data() + at, 50});
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return posix::recvmsg(pair.one, &message, MSG_WAITALL);
    });
    for (std::size_t at = 0; at < sent.size(); at += 1250) {
        wait_all_parked();
        send_text(pair.other, sent.substr(at, 1250));
    }
    EXPECT_EQ(reader.get(), 5000);
    EXPECT_TRUE(got == sent);
}

TEST_P(PosixReceive, APacketIsOneCallsAndItsRestIsLostAsInLibc) {
    const FdPair pair = socket_pair(SOCK_DGRAM);
    auto reader = spawn([&] { return received(pair.one, 3); });
    wait_all_parked();
    send_text(pair.other, "abcdef");
    send_text(pair.other, "next");
    EXPECT_EQ(reader.get(), "abc");
    std::string text(2, ' ');
    EXPECT_EQ(posix::recv(pair.one, text.data(), 2, MSG_TRUNC), 4);
}

TEST_P(PosixReceive, APacketsSenderIsTold) {
    const Fd one(posix::socket(AF_INET, SOCK_DGRAM, 0));
    const Fd other(posix::socket(AF_INET, SOCK_DGRAM, 0));
    for (const int fd : {int{one}, int{other}}) {
        sockaddr_in here = loopback();
        ASSERT_EQ(::bind(fd, any(here), sizeof here), 0);
    }
    sockaddr_in from{};
    auto reader = spawn([&] {
        char text[8];
        socklen_t size = sizeof from;
        return posix::recvfrom(one, text, sizeof text, 0, any(from), &size);
    });
    wait_all_parked();
    sockaddr_in to = address_of(one);
    EXPECT_EQ(posix::sendto(other, "hi", 2, 0, any(to), sizeof to), 2);
    EXPECT_EQ(reader.get(), 2);
    EXPECT_EQ(from.sin_port, address_of(other).sin_port);
}

TEST_P(PosixReceive, ManyMessagesAreTakenByOneCallWhichWaitsForTheFirst) {
    const FdPair pair = socket_pair(SOCK_DGRAM);
    char texts[4][8] = {};
    iovec parts[4];
    mmsghdr messages[4] = {};
    for (int i = 0; i < 4; ++i) {
        parts[i] = {texts[i], sizeof texts[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    auto reader = spawn([&] { return posix::recvmmsg(pair.one, messages, 4, MSG_WAITFORONE, nullptr); });
    wait_all_parked();
    send_text(pair.other, "one");
    send_text(pair.other, "two!");
    EXPECT_EQ(reader.get(), 2);
    EXPECT_EQ(messages[0].msg_len, 3U);
    EXPECT_EQ(messages[1].msg_len, 4U);
    auto all = spawn([&] { return posix::recvmmsg(pair.one, messages, 2, 0, nullptr); });
    send_text(pair.other, "three");
    wait_all_parked();
    EXPECT_FALSE(all.ready());
    send_text(pair.other, "four");
    EXPECT_EQ(all.get(), 2);
}

TEST_P(PosixReceive, UrgentDataIsReadAtOnceOrNotAtAll) {
    const FdPair pair = tcp_fds();
    char byte = 0;
    EXPECT_EQ(said([&] { return posix::recv(pair.one, &byte, 1, MSG_OOB); }), fails(EINVAL));
    EXPECT_EQ(send_text(pair.other, "!", MSG_OOB), gives(1));
    pollfd urgent{.fd = pair.one, .events = POLLPRI, .revents = 0};
    EXPECT_EQ(posix::poll(&urgent, 1, -1), 1);
    EXPECT_EQ(urgent.revents, POLLPRI);
    EXPECT_EQ(posix::recv(pair.one, &byte, 1, MSG_OOB), 1);
    EXPECT_EQ(byte, '!');
}

TEST_P(PosixReceive, AReaderWhoIsNeverOutOfDataLetsOthersRun) {
    const FdPair pair = socket_pair();
    send_text(pair.other, std::string(100, 'x'));
    EXPECT_TRUE(testing::lets_others_run([&] {
        char byte = 0;
        for (int i = 0; i < 100; ++i) {
            posix::recv(pair.one, &byte, 1, 0);
        }
    }));
}

TEST_P(PosixReceive, TwoReadersOfOneSocketEachGetWhatComes) {
    const FdPair pair = socket_pair(SOCK_DGRAM);
    auto first = spawn([&] { return received(pair.one); });
    auto second = spawn([&] { return received(pair.one); });
    wait_all_parked();
    send_text(pair.other, "a");
    send_text(pair.other, "b");
    EXPECT_EQ(first.get() + second.get(), "ab");
}

TEST_P(PosixReceive, ANothingThatIsNoSocketSaysWhatLibcSays) {
    const FdPair pipe = pipe_pair();
    char byte = 0;
    EXPECT_EQ(said([&] { return posix::recv(pipe.one, &byte, 1, 0); }), fails(ENOTSOCK));
    EXPECT_EQ(said([&] { return posix::send(pipe.one, &byte, 1, 0); }), fails(ENOTSOCK));
    EXPECT_EQ(said([&] { return posix::accept(pipe.one, nullptr, nullptr); }), fails(ENOTSOCK));
    const FdPair connected = socket_pair();
    EXPECT_EQ(said([&] { return posix::accept(connected.one, nullptr, nullptr); }), fails(EINVAL));
}

}  // namespace
}  // namespace weft::test
