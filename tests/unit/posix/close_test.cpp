// Closing, duplicating and using numbers again, while fibers wait.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/net/unix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixClose);

Said read_byte(int fd) {
    char byte = 0;
    return said([&] { return posix::read(fd, &byte, 1); });
}

int close_behind_the_back(int fd) { return static_cast<int>(::syscall(SYS_close, fd)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST_P(PosixClose, WakesEveryKindOfWaiterWithEbadf) {
    for (const bool is_pipe : {false, true}) {
        FdPair pair = is_pipe ? pipe_pair() : socket_pair();
        const int number = pair.one;
        auto first = spawn([&] { return read_byte(number); });
        auto second = spawn([&] { return read_byte(number); });
        auto poller = spawn([&] {
            pollfd entry{.fd = number, .events = POLLIN, .revents = 0};
            return posix::poll(&entry, 1, -1) == 1 && entry.revents == POLLNVAL;
        });
        wait_all_parked();
        EXPECT_EQ(posix::close(number), 0);
        pair.one.lose();
        EXPECT_EQ(first.get(), fails(EBADF));
        EXPECT_EQ(second.get(), fails(EBADF));
        EXPECT_TRUE(poller.get());
        EXPECT_EQ(said([&] { return posix::close(number); }), fails(EBADF));
    }
}

TEST_P(PosixClose, WakesWritersToo) {
    FdPair pipe = pipe_pair();
    FdPair sockets = socket_pair();
    fill(sockets.one);
    const std::string much(1 << 20, 'x');
    auto to_pipe =
        spawn([&] { return said([&] { return posix::write(pipe.other, much.data(), much.size()); }); });
    auto to_socket = spawn([&] { return send_text(sockets.one, much); });
    wait_all_parked();
    pipe.other.close();
    sockets.one.close();
    EXPECT_EQ(to_pipe.get(), gives(65536));  // what has gone before counts
    EXPECT_EQ(to_socket.get(), fails(EBADF));
}

TEST_P(PosixClose, WakesWaitersOfAnotherHub) {
    Host host;
    FdPair pair = socket_pair();
    const int number = pair.one;
    auto there = spawn(SpawnOptions{.hub = host.hub()}, [&] { return read_byte(number); });
    auto here = spawn([&] { return read_byte(number); });
    wait_all_parked();
    pair.one.close();
    EXPECT_EQ(there.get(), fails(EBADF));
    EXPECT_EQ(here.get(), fails(EBADF));
}

TEST_P(PosixClose, APlainThreadThatClosesWakesThemToo) {
    FdPair pair = socket_pair();
    auto reader = spawn([&] { return read_byte(pair.one); });
    wait_all_parked();
    const testing::VirtualTime::Hold hold;
    std::thread thread([&] { posix::close(pair.one); });
    EXPECT_EQ(reader.get(), fails(EBADF));
    thread.join();
    pair.one.lose();
}

TEST_P(PosixClose, ADuplicateOverItWakesItsWaitersAndBothGoOn) {
    for (const bool with_flags : {false, true}) {
        const FdPair old = socket_pair();
        const FdPair fresh = socket_pair();
        const int number = old.one;
        auto reader = spawn([&] { return read_byte(number); });
        wait_all_parked();
        EXPECT_EQ(with_flags ? posix::dup3(fresh.one, number, O_CLOEXEC) : posix::dup2(fresh.one, number),
                  number);
        EXPECT_EQ(reader.get(), fails(EBADF));
        auto next = spawn([&] { return received(number); });
        wait_all_parked();
        send_text(fresh.other, "new");
        EXPECT_EQ(next.get(), "new");
    }
}

TEST_P(PosixClose, ADuplicateThatFailsLeavesTheWaitersAlone) {
    const FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    EXPECT_EQ(said([&] { return posix::dup2(-1, pair.one); }), fails(EBADF));
    EXPECT_EQ(said([&] { return posix::dup3(pair.one, pair.one, 0); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::dup3(pair.other, pair.one, 12345); }), fails(EINVAL));
    EXPECT_EQ(posix::dup2(pair.one, pair.one), int{pair.one});
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

TEST_P(PosixClose, ClosingADuplicateLeavesTheWaitersOfTheOriginalAlone) {
    const FdPair pair = socket_pair();
    Fd twin(posix::dup(pair.one));
    auto reader = spawn([&] { return received(pair.one); });
    auto at_twin = spawn([&] { return read_byte(twin); });
    wait_all_parked();
    twin.close();
    EXPECT_EQ(at_twin.get(), fails(EBADF));
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

TEST_P(PosixClose, ClosedBehindTheBackTheOthersGoOnAndTheNextOwnerOfTheNumberIsServed) {
    FdPair old = socket_pair();
    const FdPair others = socket_pair();
    const int number = old.one;
    auto lost = spawn([&] { return read_byte(number); });
    auto other = spawn([&] { return received(others.one); });
    wait_all_parked();
    ASSERT_EQ(close_behind_the_back(number), 0);
    old.one.lose();
    send_text(others.other, "on");
    EXPECT_EQ(other.get(), "on");
    const FdPair fresh = pipe_pair();
    ASSERT_EQ(int{fresh.one}, number);
    EXPECT_EQ(lost.get(), fails(EBADF));
    auto next = spawn([&] { return read_text(number); });
    wait_all_parked();
    EXPECT_FALSE(next.ready());
    EXPECT_EQ(posix::write(fresh.other, "new", 3), 3);
    EXPECT_EQ(next.get(), "new");
}

/// What the library has not made: by the system calls alone.
FdPair foreign_pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::syscall(SYS_pipe2, ends, O_CLOEXEC), 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

FdPair foreign_sockets() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

FdPair library_file() {
    return {Fd(posix::open("/dev/zero", O_RDWR | O_CLOEXEC)),
            Fd(posix::open("/etc/passwd", O_RDONLY | O_CLOEXEC))};
}

/// Whether a reader of the pair parks and gets what is written to it.
void expect_waits_well(const FdPair& pair) {
    auto reader = spawn([&] { return read_text(pair.one); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::write(pair.other, "new", 3), 3);
    EXPECT_EQ(reader.get(), "new");
}

TEST_P(PosixClose, ANumberThatWasAFileIsReadAsWhatItIs) {
    const auto lose = [](FdPair pair) {
        read_text(pair.one, 1);
        read_text(pair.other, 1);
        ASSERT_EQ(close_behind_the_back(pair.one), 0);
        ASSERT_EQ(close_behind_the_back(pair.other), 0);
        pair.one.lose();
        pair.other.lose();
    };
    lose(library_file());
    expect_waits_well(foreign_pipe());
    lose(library_file());
    expect_waits_well(foreign_sockets());
}

TEST_P(PosixClose, ASocketThatWasAPipeOrTheOtherWayRoundIsReadAsWhatItIs) {
    for (const bool was_pipe : {true, false}) {
        FdPair old = was_pipe ? pipe_pair() : socket_pair();
        posix::write(old.other, "xx", 2);
        read_text(old.one, 1);
        ASSERT_EQ(close_behind_the_back(old.one), 0);
        ASSERT_EQ(close_behind_the_back(old.other), 0);
        old.one.lose();
        old.other.lose();
        expect_waits_well(was_pipe ? foreign_sockets() : foreign_pipe());
    }
}

TEST_P(PosixClose, ManyAtOnceWakesWhoWaitsForAnyOfThem) {
    FdPair socket = socket_pair();
    FdPair pipe = pipe_pair();
    FdPair polled = foreign_pipe();
    const int first = 5000;
    const int a = ::fcntl(socket.one, F_DUPFD_CLOEXEC, first);
    const int b = ::fcntl(pipe.one, F_DUPFD_CLOEXEC, first);
    const int c = ::fcntl(polled.one, F_DUPFD_CLOEXEC, first);
    ASSERT_GE(a, first);
    ASSERT_EQ(c, a + 2);
    auto at_a = spawn([&] { return read_byte(a); });
    auto at_b = spawn([&] { return read_byte(b); });
    auto at_c = spawn([&] {
        pollfd entry{.fd = c, .events = POLLIN, .revents = 0};
        return posix::poll(&entry, 1, -1) == 1 && entry.revents == POLLNVAL;
    });
    wait_all_parked();
    EXPECT_EQ(posix::close_range(static_cast<unsigned>(a), static_cast<unsigned>(c), 0), 0);
    EXPECT_EQ(at_a.get(), fails(EBADF));
    EXPECT_EQ(at_b.get(), fails(EBADF));
    EXPECT_TRUE(at_c.get());
    EXPECT_FALSE(is_open(a) || is_open(b) || is_open(c));
}

TEST_P(PosixClose, ManyAtOnceReachesWhatTheLibrarysOwnStreamsWaitFor) {
    auto pair = net::UnixStream::pair();
    const int number = pair.first.native_handle();
    std::error_code error;
    auto reader = spawn([&] {
        char byte[1];
        return pair.first.read_some(byte, never, error);
    });
    wait_all_parked();
    EXPECT_EQ(posix::close_range(static_cast<unsigned>(number), static_cast<unsigned>(number), 0), 0);
    reader.join();
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
}

TEST_P(PosixClose, ARangeMayBeMarkedInsteadAndBadOnesAreRefused) {
    FdPair pair = socket_pair();
    const int number = pair.one;
    const auto at = static_cast<unsigned>(number);
    ASSERT_EQ(::fcntl(number, F_GETFD), 0);
    EXPECT_EQ(posix::close_range(at, at, CLOSE_RANGE_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(said([&] { return posix::close_range(at + 1, at, 0); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::close_range(at, at, 1 << 20); }), fails(EINVAL));
}

TEST_P(PosixClose, BadNumbersAreRefusedByEveryCallAndCostNothing) {
    char byte = 0;
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const int closed = [] { return int{Fd(posix::dup(0))}; }();
    for (const int fd : {-1, INT_MIN, closed, 1 << 26, INT_MAX}) {
        SCOPED_TRACE(fd);
        EXPECT_EQ(said([&] { return posix::read(fd, &byte, 1); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::write(fd, &byte, 1); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::readv(fd, &part, 1); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::writev(fd, &part, 1); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::recv(fd, &byte, 1, 0); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::send(fd, &byte, 1, 0); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::recvmsg(fd, &message, 0); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::sendmsg(fd, &message, 0); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::accept4(fd, nullptr, nullptr, 0); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::dup(fd); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::dup2(fd, 100); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::dup2(0, fd < 0 ? fd : INT_MAX); }), fails(EBADF));
        EXPECT_EQ(said([&] { return posix::close(fd); }), fails(EBADF));
        sockaddr_in address = loopback(1);
        EXPECT_EQ(said([&] { return posix::connect(fd, any(address), sizeof address); }), fails(EBADF));
    }
}

}  // namespace
}  // namespace weft::test
