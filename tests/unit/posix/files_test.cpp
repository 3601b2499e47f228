// Regular files by threads, and what moves bytes from one descriptor to another.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <semaphore>
#include <string>
#include <thread>

#include <weft/base/unique_fd.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/posix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "posix/libc.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using testing::wait_all_parked;

/// A call of libc's that is replaced for the length of a test.
template <class Function>
class Replaced {
public:
    Replaced(Function& entry, Function by) : entry_(entry), before_(std::exchange(entry, by)) {}
    Replaced(const Replaced&) = delete;
    Replaced& operator=(const Replaced&) = delete;
    ~Replaced() { entry_ = before_; }

private:
    Function& entry_;
    Function before_;
};

class PosixFile : public HubTest {
protected:
    PosixFile() {
        // By a call that begins the number anew: the other tests close theirs without telling weft::posix.
        file = UniqueFd(posix::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
        EXPECT_TRUE(file);
        posix::offload_files(true);
    }
    ~PosixFile() override { posix::offload_files(false); }
    UniqueFd file;
};
INSTANTIATE_TEST_SUITE_P(, PosixFile, ::testing::Values(Clock::virtual_time, Clock::libev),
                         ::testing::PrintToStringParamName());

std::thread::id made_by;
std::binary_semaphore may_end{0};

ssize_t noted_pwrite(int fd, const void* from, std::size_t size, off_t offset) {
    made_by = std::this_thread::get_id();
    return ::pwrite(fd, from, size, offset);
}
/// Hubs read their own descriptors by the same table.
std::atomic<int> noted_fd{-1};
ssize_t noted_read(int fd, void* to, std::size_t size) {
    if (fd == noted_fd) {
        made_by = std::this_thread::get_id();
    }
    return ::read(fd, to, size);
}
ssize_t held_pwrite(int fd, const void* from, std::size_t size, off_t offset) {
    may_end.acquire();
    return ::pwrite(fd, from, size, offset);
}
int noted_fsync(int fd) {
    made_by = std::this_thread::get_id();
    return ::fsync(fd);
}

// CONFORMANCE 217
TEST_P(PosixFile, IsReadAndWrittenByAThreadAndInTheOrderOfTheFiber) {
    const auto self = std::this_thread::get_id();
    const Replaced pwrite(impl::libc.pwrite, &noted_pwrite);
    const Replaced read(impl::sys.read, &noted_read);
    noted_fd = file.get();
    const Replaced fsync(impl::libc.fsync, &noted_fsync);
    EXPECT_EQ(posix::pwrite(file.get(), "abcdef", 6, 0), 6);
    EXPECT_NE(std::exchange(made_by, self), self);
    EXPECT_EQ(posix::fsync(file.get()), 0);
    EXPECT_NE(std::exchange(made_by, self), self);
    std::array<char, 4> text{};
    EXPECT_EQ(posix::read(file.get(), text.data(), 2), 2);
    EXPECT_NE(std::exchange(made_by, self), self);
    EXPECT_EQ(posix::read(file.get(), text.data() + 2, 2), 2);
    EXPECT_EQ(std::string(text.data(), 4), "abcd");
    EXPECT_EQ(posix::write(file.get(), "gh", 2), 2);
    EXPECT_EQ(posix::write(file.get(), "ij", 2), 2);
    EXPECT_EQ(posix::pread(file.get(), text.data(), 4, 4), 4);
    EXPECT_EQ(std::string(text.data(), 4), "ghij");
    posix::offload_files(false);
    EXPECT_EQ(posix::pwrite(file.get(), "x", 1, 0), 1);
    EXPECT_EQ(made_by, self);
}

TEST_P(PosixFile, ErrorsAreLibcs) {
    char byte = 0;
    EXPECT_EQ(posix::pread(file.get(), &byte, 1, -1), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(posix::pread(-1, &byte, 1, 0), -1);
    EXPECT_EQ(errno, EBADF);
    const UniqueFd event(posix::eventfd(0, EFD_CLOEXEC));
    EXPECT_EQ(posix::pread(event.get(), &byte, 1, 0), -1);
    EXPECT_EQ(errno, ESPIPE);
    EXPECT_EQ(posix::fdatasync(event.get()), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_P(PosixFile, ATransferThatHasBegunIsWaitedForByAFiberThatIsInterrupted) {
    const Replaced pwrite(impl::libc.pwrite, &held_pwrite);
    ssize_t written = 0;
    auto writer = spawn([&] { written = posix::pwrite(file.get(), "abc", 3, 0); });
    wait_all_parked();
    writer.cancel();
    yield();
    // Whether a thread has begun by now is not sure: then it is called off.
    may_end.release();
    writer.join();
    if (written < 0) {
        may_end.acquire();
    }
    char text[4] = {};
    EXPECT_EQ(::pread(file.get(), text, 4, 0), written < 0 ? 0 : 3);
}

WEFT_HUB_SUITE(PosixMove);

struct Pipe {
    UniqueFd read;
    UniqueFd write;

    Pipe() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(posix::pipe2(ends, O_CLOEXEC), 0);
        read = UniqueFd(ends[0]);
        write = UniqueFd(ends[1]);
    }
};

struct Sockets {
    UniqueFd one;
    UniqueFd other;

    Sockets() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(posix::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        one = UniqueFd(ends[0]);
        other = UniqueFd(ends[1]);
    }
};

/// A file that holds a text.
UniqueFd file_of(const std::string& text) {
    UniqueFd file(posix::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return file;
}

std::string long_text() {
    std::string text;
    while (text.size() < 1'000'000) {
        text += std::to_string(text.size()) + ' ';
    }
    return text;
}

std::string read_all(int fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = posix::read(fd, text.data() + done, size - done);
        if (got <= 0) {
            break;
        }
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

TEST_P(PosixMove, AFileGoesIntoASocketWhileOthersRun) {
    const std::string text = long_text();
    const UniqueFd file = file_of(text);
    const Sockets ends;
    off_t offset = 10;
    auto sender = spawn([&] { return posix::sendfile(ends.one.get(), file.get(), &offset, text.size()); });
    wait_all_parked();
    EXPECT_FALSE(sender.ready());
    EXPECT_TRUE(read_all(ends.other.get(), text.size() - 10) == text.substr(10));
    EXPECT_EQ(sender.get(), static_cast<ssize_t>(text.size() - 10));
    EXPECT_EQ(offset, static_cast<off_t>(text.size()));
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
}

TEST_P(PosixMove, AFileWithoutAnOffsetStandsAfterwardsWhereItHasBeenSentTo) {
    const UniqueFd file = file_of("hello world");
    const Sockets ends;
    EXPECT_EQ(posix::sendfile(ends.one.get(), file.get(), nullptr, 5), 5);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 5);
    EXPECT_EQ(posix::sendfile(ends.one.get(), file.get(), nullptr, 100), 6);
    EXPECT_EQ(posix::sendfile(ends.one.get(), file.get(), nullptr, 100), 0);
    EXPECT_EQ(read_all(ends.other.get(), 11), "hello world");
    EXPECT_EQ(posix::sendfile(ends.one.get(), -1, nullptr, 1), -1);
    EXPECT_EQ(errno, EBADF);
    off_t before = -1;
    EXPECT_EQ(posix::sendfile(ends.one.get(), file.get(), &before, 1), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_P(PosixMove, ASocketThatDoesNotBlockTakesWhatItCan) {
    const std::string text = long_text();
    const UniqueFd file = file_of(text);
    const Sockets ends;
    ASSERT_EQ(posix::fcntl(ends.one.get(), F_SETFL, O_NONBLOCK), 0);
    ssize_t sent = 0;
    for (ssize_t part = 1; part > 0;) {
        part = posix::sendfile(ends.one.get(), file.get(), nullptr, text.size());
        sent += std::max(part, ssize_t{0});
    }
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_GT(sent, 0);
    EXPECT_LT(sent, static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), sent);
    EXPECT_TRUE(read_all(ends.other.get(), static_cast<std::size_t>(sent)) ==
                text.substr(0, static_cast<std::size_t>(sent)));
}

TEST_P(PosixMove, BytesGoFromSocketToPipeToSocketWhileOthersRun) {
    const Sockets in;
    const Sockets out;
    const Pipe pipe;
    auto into =
        spawn([&] { return posix::splice(in.one.get(), nullptr, pipe.write.get(), nullptr, 100, 0); });
    auto from =
        spawn([&] { return posix::splice(pipe.read.get(), nullptr, out.one.get(), nullptr, 100, 0); });
    wait_all_parked();
    EXPECT_FALSE(into.ready() || from.ready());
    EXPECT_EQ(posix::write(in.other.get(), "bytes", 5), 5);
    EXPECT_EQ(into.get(), 5);
    EXPECT_EQ(from.get(), 5);
    EXPECT_EQ(read_all(out.other.get(), 5), "bytes");
    EXPECT_EQ(posix::splice(pipe.read.get(), nullptr, out.one.get(), nullptr, 1, SPLICE_F_NONBLOCK), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(posix::splice(in.one.get(), nullptr, out.one.get(), nullptr, 1, 0), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_P(PosixMove, APipeIsCopiedAndFilledFromMemory) {
    const Pipe first;
    const Pipe second;
    auto copier = spawn([&] { return posix::tee(first.read.get(), second.write.get(), 100, 0); });
    wait_all_parked();
    EXPECT_FALSE(copier.ready());
    char text[] = "text";
    const iovec buffer{text, 4};
    EXPECT_EQ(posix::vmsplice(first.write.get(), &buffer, 1, 0), 4);
    EXPECT_EQ(copier.get(), 4);
    EXPECT_EQ(read_all(first.read.get(), 4), "text");
    EXPECT_EQ(read_all(second.read.get(), 4), "text");
}

TEST_P(PosixMove, EventsAreCountedAndWaitedFor) {
    const UniqueFd event(posix::eventfd(0, EFD_CLOEXEC));
    eventfd_t value = 0;
    auto reader = spawn([&] { return posix::eventfd_read(event.get(), &value); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_EQ(posix::eventfd_write(event.get(), 5), 0);
    EXPECT_EQ(reader.get(), 0);
    EXPECT_EQ(value, 5U);
}

}  // namespace
}  // namespace weft::test
