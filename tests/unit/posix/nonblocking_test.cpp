// O_NONBLOCK: as the program has set it, by whatever way; the library never sets it where others could see it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixNonblocking);

bool set_by_fcntl(int fd, bool on) {
    const int flags = posix::fcntl(fd, F_GETFL);
    return posix::fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0;
}

bool set_by_ioctl(int fd, bool on) {
    int value = on ? 1 : 0;
    return posix::ioctl(fd, FIONBIO, &value) == 0;
}

// CONFORMANCE 301, 302
TEST_P(PosixNonblocking, SetByFcntlOrIoctlItReadsBackAndIsHonouredAndTakenBackTheCallWaits) {
    for (const auto set : {&set_by_fcntl, &set_by_ioctl}) {
        for (const bool is_pipe : {false, true}) {
            const FdPair pair = is_pipe ? pipe_pair() : socket_pair();
            ASSERT_TRUE(set(pair.one, true));
            EXPECT_TRUE((posix::fcntl(pair.one, F_GETFL) & O_NONBLOCK) != 0);
            EXPECT_EQ(read_text(pair.one), std::strerror(EAGAIN));
            ASSERT_TRUE(set(pair.one, false));
            EXPECT_FALSE(has_nonblock(pair.one));
            auto reader = spawn([&] { return read_text(pair.one); });
            wait_all_parked();
            EXPECT_FALSE(reader.ready());
            EXPECT_FALSE(has_nonblock(pair.one)) << "while a fiber waits";
            posix::write(pair.other, "x", 1);
            EXPECT_EQ(reader.get(), "x");
        }
    }
}

TEST_P(PosixNonblocking, MadeWithItADescriptorNeverWaits) {
    const FdPair sockets = socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
    const FdPair pipe = pipe_pair(O_NONBLOCK);
    EXPECT_EQ(received(sockets.one), std::strerror(EAGAIN));
    EXPECT_EQ(read_text(pipe.one), std::strerror(EAGAIN));
    EXPECT_TRUE(has_nonblock(sockets.one));
    const Fd fresh(posix::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    EXPECT_TRUE(has_nonblock(fresh));
}

TEST_P(PosixNonblocking, SetThroughADuplicateItIsHonouredByBoth) {
    const FdPair pair = socket_pair();
    const Fd by_dup(posix::dup(pair.one));
    const Fd by_fcntl(posix::fcntl(pair.one, F_DUPFD_CLOEXEC, 100));
    EXPECT_GE(by_fcntl, 100);
    ASSERT_TRUE(set_by_fcntl(by_dup, true));
    for (const int fd : {int{pair.one}, int{by_dup}, int{by_fcntl}}) {
        EXPECT_EQ(received(fd), std::strerror(EAGAIN));
    }
    ASSERT_TRUE(set_by_ioctl(by_fcntl, false));
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

TEST_P(PosixNonblocking, ADuplicateOfOneThatDoesNotBlockDoesNotBlock) {
    const FdPair pair = socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
    const Fd twin(posix::dup(pair.one));
    EXPECT_EQ(received(twin), std::strerror(EAGAIN));
}

TEST_P(PosixNonblocking, SetByAnotherProcessThatSharesTheDescriptionItIsHonoured) {
    const FdPair pair = socket_pair();
    const pid_t child = posix::fork();
    if (child == 0) {
        ::_exit(::fcntl(pair.one, F_SETFL, O_RDWR | O_NONBLOCK) == 0 ? 0 : 1);
    }
    EXPECT_EQ(await_child(child), ChildEnd::exit(0));
    EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
}

// CONFORMANCE 220
TEST_P(PosixNonblocking, WhatAnotherProcessSharesStaysBlockingWhateverIsDoneWithIt) {
    const FdPair pair = socket_pair();
    const FdPair report = pipe_pair();
    const pid_t child = posix::fork();
    if (child == 0) {  // looks whenever it is told to, until its parent goes away
        char byte = 0;
        while (::read(report.one, &byte, 1) == 1) {
            if (has_nonblock(pair.one)) {
                ::_exit(1);
            }
            if (byte == 'q') {
                ::_exit(0);
            }
        }
        ::_exit(2);
    }
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    EXPECT_EQ(posix::write(report.other, "1", 1), 1);
    pollfd entry{.fd = pair.one, .events = POLLIN, .revents = 0};
    EXPECT_EQ(posix::poll(&entry, 1, 1), 0);
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
    EXPECT_EQ(posix::write(report.other, "q", 1), 1);
    EXPECT_EQ(await_child(child), ChildEnd::exit(0));
}

TEST_P(PosixNonblocking, ConnectingASharedSocketLeavesItBlockingMeanwhile) {
    const Fd listener = tcp_listener();
    sockaddr_in address = address_of(listener);
    const Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    const Fd twin(posix::dup(client));
    EXPECT_EQ(posix::connect(client, any(address), sizeof address), 0);
    EXPECT_FALSE(has_nonblock(twin));
    const Fd server(posix::accept(listener, nullptr, nullptr));
    EXPECT_EQ(send_text(client, "x"), gives(1));
    EXPECT_EQ(received(server), "x");
}

TEST_P(PosixNonblocking, ConnectingAnOwnSocketLeavesItBlocking) {
    const FdPair pair = tcp_fds();
    EXPECT_FALSE(has_nonblock(pair.one));
    EXPECT_FALSE(has_nonblock(pair.other));
}

TEST_P(PosixNonblocking, WhatIsAcceptedBlocksUnlessTheCallSaysOtherwise) {
    const Fd listener = tcp_listener();
    ASSERT_TRUE(set_by_fcntl(listener, true));
    sockaddr_in address = address_of(listener);
    EXPECT_EQ(said([&] { return posix::accept(listener, nullptr, nullptr); }), fails(EAGAIN));
    for (const int flags : {0, int{SOCK_NONBLOCK}}) {
        const Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
        ASSERT_EQ(posix::connect(client, any(address), sizeof address), 0);
        const Fd server(posix::accept4(listener, nullptr, nullptr, flags));
        ASSERT_GE(server, 0);
        EXPECT_EQ(has_nonblock(server), flags != 0);
        auto reader = spawn([&] { return received(server); });
        wait_all_parked();
        EXPECT_EQ(reader.ready(), flags != 0);
    }
}

TEST_P(PosixNonblocking, AFullSocketThatDoesNotBlockTakesWhatHasRoom) {
    const FdPair pair = socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
    const std::string much(8 << 20, 'x');
    const Said first = send_text(pair.one, much);
    EXPECT_GT(first.result, 0);
    EXPECT_LT(first.result, static_cast<long long>(much.size()));
    fill(pair.one);
    EXPECT_EQ(send_text(pair.one, much), fails(EAGAIN));
}

TEST_P(PosixNonblocking, AFullPipeThatDoesNotBlockTakesWhatHasRoom) {
    const FdPair pipe = pipe_pair(O_NONBLOCK);
    const std::string much(1 << 20, 'x');
    EXPECT_GT(posix::write(pipe.other, much.data(), much.size()), 0);
    EXPECT_EQ(said([&] { return posix::write(pipe.other, much.data(), much.size()); }), fails(EAGAIN));
}

TEST_P(PosixNonblocking, CommandsThatTheLibraryDoesNotKnowReachTheKernelUntouched) {
    const FdPair pipe = pipe_pair();
    EXPECT_EQ(posix::fcntl(pipe.one, F_SETPIPE_SZ, 8192), 8192);
    EXPECT_EQ(posix::fcntl(pipe.one, F_GETPIPE_SZ), 8192);
    EXPECT_EQ(said([&] { return posix::fcntl(pipe.one, 123456); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::fcntl(-1, F_GETFL); }), fails(EBADF));
    EXPECT_EQ(posix::fcntl(pipe.one, F_SETFD, FD_CLOEXEC), 0);
    EXPECT_EQ(posix::fcntl(pipe.one, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(posix::write(pipe.other, "abc", 3), 3);
    int waiting = 0;
    EXPECT_EQ(posix::ioctl(pipe.one, FIONREAD, &waiting), 0);
    EXPECT_EQ(waiting, 3);
    EXPECT_EQ(said([&] { return posix::ioctl(pipe.one, 0xdeadUL); }), fails(ENOTTY));
}

}  // namespace
}  // namespace weft::test
