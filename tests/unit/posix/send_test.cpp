// send and its relatives: what a stream takes goes out as a whole.
#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"
#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixSend);

/// Everything until the end, by small calls.
std::string drain(int fd) {
    std::string all;
    char part[16384];
    ssize_t size = 0;
    while ((size = posix::read(fd, part, sizeof part)) > 0) {
        all.append(part, static_cast<std::size_t>(size));
    }
    return all;
}

enum class How { send, write, writev, sendmsg };

ssize_t put(How how, int fd, const std::string& text) {
    const std::size_t half = text.size() / 2;
    auto* data = const_cast<char*>(text.data());
    iovec parts[] = {{data, half}, {data + half, text.size() - half}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    switch (how) {
        case How::send:
            return posix::send(fd, data, text.size(), 0);
        case How::write:
            return posix::write(fd, data, text.size());
        case How::writev:
            return posix::writev(fd, parts, 2);
        case How::sendmsg:
            return posix::sendmsg(fd, &message, 0);
    }
    return -1;
}

TEST_P(PosixSend, TenMebibytesGoToASlowReaderWithoutStoppingTheHub) {
    const std::string sent = numbered(10 << 20);
    for (const How how : {How::send, How::write, How::writev, How::sendmsg}) {
        for (const bool tcp : {false, true}) {
            FdPair pair = tcp ? tcp_fds() : socket_pair();
            auto writer = spawn([&] { return put(how, pair.one, sent); });
            wait_all_parked();
            EXPECT_FALSE(writer.ready());
            auto reader = spawn([&] { return drain(pair.other); });
            EXPECT_EQ(writer.get(), static_cast<ssize_t>(sent.size()));
            pair.one.close();
            EXPECT_TRUE(reader.get() == sent);
        }
    }
}

TEST_P(PosixSend, ManySmallBuffersGoOutInOrder) {
    FdPair pair = socket_pair();
    const std::string sent = numbered(2 << 20);
    auto writer = spawn([&] {
        std::vector<iovec> parts;
        for (std::size_t at = 0; at < sent.size(); at += 2048) {
            parts.push_back({const_cast<char*>(sent.data()) + at, 2048});
        }
        return posix::writev(pair.one, parts.data(), static_cast<int>(parts.size()));
    });
    std::string got;
    while (got.size() < sent.size()) {
        got += read_text(pair.other, 65536);
    }
    EXPECT_EQ(writer.get(), static_cast<ssize_t>(sent.size()));
    EXPECT_TRUE(got == sent);
}

/// Counts SIGPIPE, which kills otherwise.
class PipeSignals {
public:
    PipeSignals() {
        count() = 0;
        before_ = ::signal(SIGPIPE, [](int) { ++count(); });
    }
    PipeSignals(const PipeSignals&) = delete;
    PipeSignals& operator=(const PipeSignals&) = delete;
    ~PipeSignals() { ::signal(SIGPIPE, before_); }
    static int& count() {
        static int signals = 0;
        return signals;
    }

private:
    sighandler_t before_;
};

TEST_P(PosixSend, AWriteThatLosesItsReaderHalfwaySaysWhatHasGoneAndTheNextOneIsToldOfIt) {
    const PipeSignals signals;
    FdPair pair = socket_pair();
    const std::string much(8 << 20, 'x');
    auto writer = spawn([&] { return send_text(pair.one, much); });
    wait_all_parked();
    pair.other.close();
    const Said first = writer.get();
    EXPECT_GT(first.result, 0);
    EXPECT_EQ(signals.count(), 0);
    EXPECT_EQ(send_text(pair.one, much, MSG_NOSIGNAL), fails(EPIPE));
    EXPECT_EQ(signals.count(), 0);
    EXPECT_EQ(send_text(pair.one, much), fails(EPIPE));
    EXPECT_EQ(signals.count(), 1);
}

TEST_P(PosixSend, AFlagPerCallKeepsItFromWaiting) {
    const FdPair pair = socket_pair();
    fill(pair.one);
    EXPECT_EQ(send_text(pair.one, "x", MSG_DONTWAIT), fails(EAGAIN));
}

TEST_P(PosixSend, UrgentDataWaitsForRoomLikeAnyOther) {
    FdPair pair = tcp_fds();
    fill(pair.one);
    auto sender = spawn([&] { return send_text(pair.one, "!", MSG_OOB); });
    wait_all_parked();
    EXPECT_FALSE(sender.ready());
    auto reader = spawn([&] { return drain(pair.other); });
    EXPECT_EQ(sender.get(), gives(1));
    pair.one.close();
    reader.join();
}

TEST_P(PosixSend, APacketThatFindsNoRoomWaitsForIt) {
    const FdPair pair = socket_pair(SOCK_DGRAM);
    fill(pair.one);
    auto sender = spawn([&] { return send_text(pair.one, "last"); });
    wait_all_parked();
    EXPECT_FALSE(sender.ready());
    std::string last;
    while (last != "last") {
        last = received(pair.other, 65536);
    }
    EXPECT_EQ(sender.get(), gives(4));
}

TEST_P(PosixSend, ManyMessagesGoOutByOneCallThatWaitsForRoom) {
    const FdPair pair = socket_pair(SOCK_DGRAM);
    std::string text(1000, 'm');
    iovec part{text.data(), text.size()};
    std::vector<mmsghdr> messages(500);
    for (mmsghdr& message : messages) {
        message.msg_hdr.msg_iov = &part;
        message.msg_hdr.msg_iovlen = 1;
    }
    auto sender = spawn([&] { return posix::sendmmsg(pair.one, messages.data(), 500, 0); });
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(received(pair.other, 2000).size(), 1000U);
    }
    EXPECT_EQ(sender.get(), 500);
    EXPECT_EQ(messages.back().msg_len, 1000U);
}

TEST_P(PosixSend, NothingIsSentAtOnce) {
    const FdPair pair = socket_pair();
    EXPECT_EQ(send_text(pair.one, ""), gives(0));
    EXPECT_EQ(posix::write(pair.one, "", 0), 0);
}

}  // namespace
}  // namespace weft::test
