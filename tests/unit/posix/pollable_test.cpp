// read and write on what is no socket: pipes, terminals, events; with the kernel's flag for a transfer that does not block, and
// without.
#include <gtest/gtest.h>

#include <pty.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <termios.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "posix/libc.hpp"
#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

enum class Kernel { with_nowait, without_nowait };

/// Each test with a kernel that has RWF_NOWAIT for everything that it says, and with one that has it for nothing.
class PosixPollable : public ::testing::TestWithParam<Kernel> {
protected:
    PosixPollable() {
        if (GetParam() == Kernel::without_nowait) {
            impl::libc.preadv2 = [](int, const iovec*, int, off_t, int) -> ssize_t { return refuse(); };
            impl::libc.pwritev2 = [](int, const iovec*, int, off_t, int) -> ssize_t { return refuse(); };
        }
    }
    ~PosixPollable() override {
        impl::libc.preadv2 = &::preadv2;
        impl::libc.pwritev2 = &::pwritev2;
    }

private:
    static ssize_t refuse() {
        errno = EOPNOTSUPP;
        return -1;
    }
    testing::VirtualTime time_;
};

INSTANTIATE_TEST_SUITE_P(, PosixPollable, ::testing::Values(Kernel::with_nowait, Kernel::without_nowait),
                         [](const auto& suite) {
                             return suite.param == Kernel::with_nowait ? "WithNowait" : "WithoutNowait";
                         });

// CONFORMANCE 214
TEST_P(PosixPollable, AReaderOfAPipeWaitsForItsWriterAndSeesItsEnd) {
    FdPair pipe = pipe_pair();
    const auto read_one = [&] { return read_text(pipe.one); };
    auto reader = spawn(read_one);
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::write(pipe.other, "abc", 3), 3);
    EXPECT_EQ(reader.get(), "abc");
    auto last = spawn(read_one);
    wait_all_parked();
    EXPECT_FALSE(last.ready());
    pipe.other.close();
    EXPECT_EQ(last.get(), "");
}

TEST_P(PosixPollable, MuchGoesThroughAPipeAsItIsDrained) {
    FdPair pipe = pipe_pair();
    const std::string sent = numbered(1 << 20);
    auto writer = spawn([&] {
        auto* data = const_cast<char*>(sent.data());
        const iovec parts[] = {{data, 3}, {data + 3, 100'000}, {data + 100'003, sent.size() - 100'003}};
        const ssize_t written = posix::writev(pipe.other, parts, 3);
        pipe.other.close();
        return written;
    });
    wait_all_parked();
    EXPECT_FALSE(writer.ready());
    std::string got;
    for (std::string part; !(part = read_text(pipe.one, 5000)).empty();) {
        got += part;
    }
    EXPECT_EQ(writer.get(), static_cast<ssize_t>(sent.size()));
    EXPECT_TRUE(got == sent);
}

TEST_P(PosixPollable, SmallWritesToAPipeStayWhole) {
    const FdPair pipe = pipe_pair();
    const auto write_lines = [&](char letter) {
        const std::string line(1000, letter);
        for (int i = 0; i < 200; ++i) {
            EXPECT_EQ(posix::write(pipe.other, line.data(), line.size()), 1000);
        }
    };
    auto first = spawn(write_lines, 'a');
    auto second = spawn(write_lines, 'b');
    for (int i = 0; i < 400; ++i) {
        std::string line;
        while (line.size() < 1000) {
            line += read_text(pipe.one, 1000 - line.size());
        }
        ASSERT_EQ(line, std::string(1000, line[0]));
    }
}

TEST_P(PosixPollable, AWriterOfAPipeWithoutReadersGetsEpipe) {
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    FdPair pipe = pipe_pair();
    const std::string much(1 << 20, 'x');
    auto writer =
        spawn([&] { return said([&] { return posix::write(pipe.other, much.data(), much.size()); }); });
    wait_all_parked();
    pipe.one.close();
    EXPECT_GT(writer.get().result, 0);
    EXPECT_EQ(said([&] { return posix::write(pipe.other, "x", 1); }), fails(EPIPE));
    ::signal(SIGPIPE, before);
}

TEST_P(PosixPollable, ANamedPipeIsReadAsAnother) {
    const std::string path = ::testing::TempDir() + "weft-fifo." + std::to_string(::getpid());
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const Fd both(posix::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const Fd reading(posix::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ::unlink(path.c_str());
    auto reader = spawn([&] { return read_text(reading); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::write(both, "x", 1), 1);
    EXPECT_EQ(reader.get(), "x");
}

struct Terminal {
    Terminal() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
        master = Fd(ends[0]);
        slave = Fd(ends[1]);
    }
    Fd master;
    Fd slave;
};

TEST_P(PosixPollable, AReaderOfATerminalWaitsForALine) {
    const Terminal terminal;
    auto reader = spawn([&] { return read_text(terminal.slave); });
    wait_all_parked();
    EXPECT_EQ(posix::write(terminal.master, "hel", 3), 3);
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::write(terminal.master, "lo\n", 3), 3);
    EXPECT_EQ(reader.get(), "hello\n");
    EXPECT_FALSE(has_nonblock(terminal.slave));
}

TEST_P(PosixPollable, MuchGoesToATerminalAsItIsRead) {
    const Terminal terminal;
    termios raw{};
    ::cfmakeraw(&raw);
    ASSERT_EQ(::tcsetattr(terminal.slave, TCSANOW, &raw), 0);
    const std::string sent = numbered(200'000);
    auto writer = spawn([&] { return posix::write(terminal.slave, sent.data(), sent.size()); });
    wait_all_parked();
    EXPECT_FALSE(writer.ready());
    std::string got;
    while (got.size() < sent.size()) {
        got += read_text(terminal.master, 3000);
    }
    EXPECT_EQ(writer.get(), static_cast<ssize_t>(sent.size()));
    EXPECT_TRUE(got == sent);
}

TEST_P(PosixPollable, AnEventIsWaitedForInBothDirections) {
    const Fd event(posix::eventfd(0, EFD_CLOEXEC));
    std::uint64_t value = 0;
    auto reader = spawn([&] { return posix::read(event, &value, sizeof value); });
    wait_all_parked();
    const std::uint64_t most = UINT64_MAX - 1;
    EXPECT_EQ(posix::write(event, &most, sizeof most), 8);
    EXPECT_EQ(reader.get(), 8);
    EXPECT_EQ(value, most);
    EXPECT_EQ(posix::write(event, &most, sizeof most), 8);
    const std::uint64_t one = 1;
    auto writer = spawn([&] { return posix::write(event, &one, sizeof one); });
    wait_all_parked();
    EXPECT_FALSE(writer.ready());
    EXPECT_EQ(posix::read(event, &value, sizeof value), 8);
    EXPECT_EQ(writer.get(), 8);
    EXPECT_EQ(said([&] { return posix::read(event, &value, 4); }), fails(EINVAL));
}

TEST_P(PosixPollable, ATimerIsWaitedFor) {
    const Fd timer(posix::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    std::uint64_t count = 0;
    auto reader = spawn([&] { return posix::read(timer, &count, sizeof count); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1}};
    ASSERT_EQ(::timerfd_settime(timer, 0, &soon, nullptr), 0);
    EXPECT_EQ(reader.get(), 8);
    EXPECT_EQ(count, 1U);
}

TEST_P(PosixPollable, ASignalIsWaitedFor) {
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &set, &before);
    const Fd signals(posix::signalfd(-1, &set, SFD_CLOEXEC));
    signalfd_siginfo info{};
    auto reader = spawn([&] { return posix::read(signals, &info, sizeof info); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    ::pthread_kill(::pthread_self(), SIGUSR1);
    EXPECT_EQ(reader.get(), static_cast<ssize_t>(sizeof info));
    EXPECT_EQ(info.ssi_signo, static_cast<std::uint32_t>(SIGUSR1));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_P(PosixPollable, AChangeOfAFileIsWaitedFor) {
    std::string path = ::testing::TempDir() + "weft-inotify.XXXXXX";
    const Fd file(::mkstemp(path.data()));
    const Fd watcher(posix::inotify_init1(IN_CLOEXEC));
    ASSERT_GE(::inotify_add_watch(watcher, path.c_str(), IN_MODIFY), 0);
    alignas(inotify_event) char events[512];
    auto reader = spawn([&] { return posix::read(watcher, events, sizeof events); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::write(file, "x", 1), 1);
    EXPECT_GE(reader.get(), static_cast<ssize_t>(sizeof(inotify_event)));
    ::unlink(path.c_str());
}

TEST_P(PosixPollable, DevicesThatAreAlwaysReadyNeverPark) {
    const Fd null(posix::open("/dev/null", O_RDWR | O_CLOEXEC));
    const Fd zero(posix::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    const Fd random(posix::open("/dev/urandom", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_text(null), "");
    EXPECT_EQ(read_text(zero, 5), std::string(5, '\0'));
    EXPECT_EQ(read_text(random, 5).size(), 5U);
    EXPECT_EQ(posix::write(null, "abc", 3), 3);
}

TEST_P(PosixPollable, FilesAndDirectoriesAnswerAtOnceAsInLibc) {
    std::string path = ::testing::TempDir() + "weft-file.XXXXXX";
    const Fd file(::mkstemp(path.data()));
    EXPECT_EQ(posix::write(file, "hello", 5), 5);
    EXPECT_EQ(read_text(file), "");
    ::lseek(file, 1, SEEK_SET);
    EXPECT_EQ(read_text(file), "ello");
    const Fd directory(posix::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(read_text(directory), std::strerror(EISDIR));
    const Fd write_only(posix::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(read_text(write_only), std::strerror(EBADF));
    ::unlink(path.c_str());
}

TEST_P(PosixPollable, VectoredReadsFillTheirBuffersInOrder) {
    const FdPair pipe = pipe_pair();
    posix::write(pipe.other, "abcdef", 6);
    char one[2];
    char other[8];
    const iovec parts[] = {{one, sizeof one}, {other, sizeof other}};
    EXPECT_EQ(posix::readv(pipe.one, parts, 2), 6);
    EXPECT_EQ(std::string(one, 2) + std::string(other, 4), "abcdef");
    EXPECT_EQ(said([&] { return posix::readv(pipe.one, parts, -1); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::writev(pipe.other, parts, IOV_MAX + 1); }), fails(EINVAL));
}

TEST_P(PosixPollable, AStandardStreamThatWasInheritedIsWaitedFor) {
    const FdPair pipe = pipe_pair();
    const pid_t child = posix::fork();
    if (child == 0) {
        ::dup2(pipe.one, 0);
        auto reader = spawn([] { return read_text(0); });
        wait_all_parked();
        const bool parked = !reader.ready();
        posix::write(pipe.other, "line", 4);
        ::_exit(parked && reader.get() == "line" ? 0 : 1);
    }
    EXPECT_EQ(await_child(child), ChildEnd::exit(0));
}

}  // namespace
}  // namespace weft::test
