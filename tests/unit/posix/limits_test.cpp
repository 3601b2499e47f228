// SO_RCVTIMEO and SO_SNDTIMEO. The kernel rounds them up to its ticks, which 100 ms are a multiple of.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

class PosixLimits : public ::testing::Test {
    testing::VirtualTime time_;
};

TEST_F(PosixLimits, AReadEndsAtItWithEagain) {
    for (const Duration limit : {Duration(100ms), Duration(500ms), Duration(10min)}) {
        const FdPair pair = socket_pair();
        limit_waits(pair.one, SO_RCVTIMEO, limit);
        const TimePoint begun = now();
        EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
        EXPECT_EQ(now() - begun, limit);
    }
}

TEST_F(PosixLimits, WithoutOneTheWaitHasNoEnd) {
    const FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one); });
    sleep_for(24h * 365);
    EXPECT_FALSE(reader.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

TEST_F(PosixLimits, TakenBackTheWaitHasNoEndAgain) {
    const FdPair pair = socket_pair();
    limit_waits(pair.one, SO_RCVTIMEO, 500ms);
    limit_waits(pair.one, SO_RCVTIMEO, 0ms);
    auto reader = spawn([&] { return received(pair.one); });
    sleep_for(1h);
    EXPECT_FALSE(reader.ready());
}

TEST_F(PosixLimits, SetThroughADuplicateItCounts) {
    const FdPair pair = socket_pair();
    const Fd twin(posix::dup(pair.one));
    limit_waits(twin, SO_RCVTIMEO, 500ms);
    EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
}

TEST_F(PosixLimits, SetBehindTheLibrarysBackOnASharedOneItCounts) {
    const FdPair pair = socket_pair();
    const Fd twin(posix::dup(pair.one));
    const timeval limit = as_timeval(500ms);
    ASSERT_EQ(::setsockopt(twin, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    const TimePoint begun = now();
    EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
    EXPECT_EQ(now() - begun, 500ms);
}

TEST_F(PosixLimits, TheLimitIsThatOfTheWholeCall) {
    const FdPair pair = socket_pair();
    limit_waits(pair.one, SO_RCVTIMEO, 1000ms);
    auto drip = spawn([&] {
        for (int i = 0; i < 100; ++i) {
            sleep_for(400ms);
            send_text(pair.other, "x");
        }
    });
    const TimePoint begun = now();
    EXPECT_EQ(received(pair.one, 100, MSG_WAITALL), "xx");
    EXPECT_EQ(now() - begun, 1000ms);
}

TEST_F(PosixLimits, AWriteThatHasBegunSaysHowMuchOfItHasGone) {
    const FdPair pair = socket_pair();
    limit_waits(pair.one, SO_SNDTIMEO, 1000ms);
    const std::string much(8 << 20, 'x');
    const TimePoint begun = now();
    const Said first = send_text(pair.one, much);
    EXPECT_GT(first.result, 0);
    EXPECT_LT(first.result, static_cast<long long>(much.size()));
    EXPECT_EQ(now() - begun, 1000ms);
    EXPECT_EQ(send_text(pair.one, much), fails(EAGAIN));
    EXPECT_EQ(now() - begun, 2000ms);
}

TEST_F(PosixLimits, AcceptEndsAtItToo) {
    const Fd listener = tcp_listener();
    limit_waits(listener, SO_RCVTIMEO, 700ms);
    const TimePoint begun = now();
    EXPECT_EQ(said([&] { return posix::accept(listener, nullptr, nullptr); }), fails(EAGAIN));
    EXPECT_EQ(now() - begun, 700ms);
}

TEST_F(PosixLimits, WhatAnInternetListenerAcceptsHasItsLimitAsInLibc) {
    const Fd listener = tcp_listener();
    limit_waits(listener, SO_RCVTIMEO, 700ms);
    sockaddr_in address = address_of(listener);
    const Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(posix::connect(client, any(address), sizeof address), 0);
    const Fd server(posix::accept(listener, nullptr, nullptr));
    ASSERT_GE(server, 0);
    const TimePoint begun = now();
    EXPECT_EQ(received(server), std::strerror(EAGAIN));
    EXPECT_EQ(now() - begun, 700ms);
}

TEST_F(PosixLimits, ReadAndReadvEndAtIt) {
    const FdPair pair = socket_pair();
    limit_waits(pair.one, SO_RCVTIMEO, 500ms);
    char byte = 0;
    iovec part{&byte, 1};
    EXPECT_EQ(said([&] { return posix::read(pair.one, &byte, 1); }), fails(EAGAIN));
    EXPECT_EQ(said([&] { return posix::readv(pair.one, &part, 1); }), fails(EAGAIN));
}

WEFT_HUB_SUITE(PosixShortLimits);

TEST_P(PosixShortLimits, AreNotCutShortByRoundingThem) {
    for (const Duration limit : {1ms, 3ms, 17ms, 33ms}) {
        for (const bool shared : {false, true}) {
            SCOPED_TRACE(::testing::Message() << limit / 1ms << " ms, " << (shared ? "shared" : "alone"));
            const FdPair pair = socket_pair();
            const Fd twin(shared ? posix::dup(pair.one) : -1);
            limit_waits(pair.one, SO_RCVTIMEO, limit);
            timeval back{};
            socklen_t size = sizeof back;
            ASSERT_EQ(::getsockopt(pair.one, SOL_SOCKET, SO_RCVTIMEO, &back, &size), 0);
            const TimePoint begun = now();
            EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
            const Duration took = now() - begun;
            EXPECT_GE(took, limit);
            EXPECT_GE(took, std::chrono::seconds(back.tv_sec) + std::chrono::microseconds(back.tv_usec));
        }
    }
}

}  // namespace
}  // namespace weft::test
