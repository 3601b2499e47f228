// The hubs' own descriptors: out of the way, and safe from who closes everything.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "base/own_fds.hpp"
#include "core/hub.hpp"
#include "support/child.hpp"
#include "support/fds.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

/// With a hub on libev; virtual time has no descriptors to lose.
class OwnDescriptors : public ::testing::Test {
protected:
    OwnDescriptors() { impl::Hub::ensure(); }
    ~OwnDescriptors() override { EXPECT_TRUE(impl::Hub::end_current(std::chrono::seconds(5))); }
};

std::vector<int> own_ones() {
    std::vector<int> all;
    for (int fd = impl::next_own_fd(0); fd >= 0; fd = impl::next_own_fd(fd + 1)) {
        all.push_back(fd);
    }
    return all;
}

std::vector<int> open_ones() {
    std::vector<int> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        all.push_back(std::stoi(entry.path().filename().string()));
    }
    all.erase(std::remove_if(all.begin(), all.end(), [](int fd) { return ::fcntl(fd, F_GETFD) < 0; }),
              all.end());
    return all;
}

bool hub_works() {
    const FdPair pair = tcp_fds();
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    send_text(pair.other, "x");
    return reader.get() == "x" && posix::usleep(1) == 0;
}

TEST_F(OwnDescriptors, LieAtHighNumbers) {
    ASSERT_FALSE(own_ones().empty());
    for (const int fd : own_ones()) {
        EXPECT_GE(fd, 900);
        EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    }
    const Fd lowest(posix::dup(0));
    EXPECT_LT(lowest, 100);
}

TEST_F(OwnDescriptors, AreSparedByWhateverClosesByTheRangeWhichReportsSuccess) {
    EXPECT_CHILD_PASSES(in_child([] {
        CHECK_IN_CHILD(posix::close_range(3, ~0U, 0) == 0);
        CHECK_IN_CHILD(hub_works());
        posix::closefrom(3);
        CHECK_IN_CHILD(hub_works());
        for (int fd = 3; fd < 2000; ++fd) {  // as daemons do it
            posix::close(fd);
        }
        CHECK_IN_CHILD(hub_works());
        CHECK_IN_CHILD(!own_ones().empty());
        for (const int fd : own_ones()) {
            CHECK_IN_CHILD(posix::close(fd) == 0);
            CHECK_IN_CHILD(posix::close_range(static_cast<unsigned>(fd), static_cast<unsigned>(fd), 0) == 0);
        }
        return hub_works();
    }));
}

TEST_F(OwnDescriptors, EverythingElseIsClosed) {
    EXPECT_CHILD_PASSES(in_child([] {
        for (int i = 0; i < 50; ++i) {
            posix::fcntl(0, F_DUPFD, 3 + 40 * i);
        }
        posix::closefrom(3);
        for (const int fd : open_ones()) {
            CHECK_IN_CHILD(fd < 3 || impl::is_own_fd(fd));
        }
        return true;
    }));
}

TEST_F(OwnDescriptors, AreNotReplacedByADuplicate) {
    const int own = own_ones().front();
    EXPECT_EQ(said([&] { return posix::dup2(0, own); }), fails(EBUSY));
    EXPECT_EQ(said([&] { return posix::dup3(0, own, O_CLOEXEC); }), fails(EBUSY));
    EXPECT_TRUE(hub_works());
}

TEST_F(OwnDescriptors, WhereTheLimitIsLowTheHubWorksAllTheSame) {
    EXPECT_CHILD_PASSES(in_child([] {
        const rlimit few{.rlim_cur = 40, .rlim_max = 40};
        CHECK_IN_CHILD(::setrlimit(RLIMIT_NOFILE, &few) == 0);
        ChildEnd end;
        std::thread other([&] { end = ChildEnd::exit(run([] { return hub_works(); }) ? 0 : 1); });
        other.join();
        return end == ChildEnd::exit(0);
    }));
}

// --- descriptors passed over a socket ---

ssize_t send_descriptor(int socket, int fd) {
    char byte = 'd';
    iovec part{&byte, 1};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return posix::sendmsg(socket, &message, 0);
}

Fd receive_descriptor(int socket) {
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    int fd = -1;
    if (posix::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != nullptr) {
        std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    }
    return Fd(fd);
}

TEST_F(OwnDescriptors, ADescriptorThatComesOverASocketIsWaitedForAndKeepsItsFlags) {
    const FdPair way = socket_pair();
    const FdPair pair = socket_pair();
    auto receiver = spawn([&] { return receive_descriptor(way.one); });
    wait_all_parked();
    EXPECT_EQ(send_descriptor(way.other, pair.one), 1);
    const Fd twin = std::move(receiver).get();
    ASSERT_GE(twin, 0);
    auto reader = spawn([&] { return received(twin); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_FALSE(has_nonblock(pair.one));
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
    // Who has it may change it, and both see that.
    ASSERT_EQ(::fcntl(twin, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
}

TEST_F(OwnDescriptors, AListenerThatComesOverASocketAccepts) {
    const FdPair way = socket_pair();
    const Fd listener = tcp_listener();
    ASSERT_EQ(send_descriptor(way.other, listener), 1);
    const Fd twin = receive_descriptor(way.one);
    auto accepting = spawn([&] { return Fd(posix::accept(twin, nullptr, nullptr)) >= 0; });
    wait_all_parked();
    sockaddr_in address = address_of(listener);
    const Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(posix::connect(client, any(address), sizeof address), 0);
    EXPECT_TRUE(accepting.get());
}

TEST_F(OwnDescriptors, AMessageThatWaitsForAllKeepsTheDescriptorThatCameWithItsBegin) {
    const FdPair way = socket_pair();
    const FdPair pair = socket_pair();
    ASSERT_EQ(send_descriptor(way.other, pair.one), 1);
    send_text(way.other, "more");
    char text[16];
    iovec part{text, sizeof text};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    EXPECT_GE(posix::recvmsg(way.one, &message, MSG_WAITALL), 1);
    ASSERT_NE(CMSG_FIRSTHDR(&message), nullptr);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    const Fd twin(fd);
    EXPECT_GE(twin, 0);
}

// --- many ---

TEST(ManyDescriptorsHuge, MoreThanAHundredThousandAreWaitedFor) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit before = limit;
    limit.rlim_cur = 120'000;
    limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        GTEST_SKIP() << "no right to have so many descriptors";
    }
    run([] {
        std::vector<FdPair> pairs;
        for (int i = 0; i < 50'300; ++i) {
            pairs.push_back(socket_pair());
            ASSERT_GE(pairs.back().other, 0);
        }
        ASSERT_GT(int{pairs.back().other}, 100'000);
        std::vector<Fiber<std::string>> readers;
        for (std::size_t i = 0; i < pairs.size(); i += 100) {
            readers.push_back(spawn([&, i] { return received(pairs[i].one); }));
        }
        wait_all_parked();
        std::vector<pollfd> entries;
        for (const FdPair& pair : pairs) {
            entries.push_back({.fd = pair.other, .events = POLLIN, .revents = 0});
        }
        auto poller = spawn([&] { return posix::poll(entries.data(), entries.size(), -1); });
        wait_all_parked();
        EXPECT_FALSE(poller.ready());
        for (std::size_t i = 0; i < pairs.size(); i += 100) {
            send_text(pairs[i].other, "x");
        }
        for (auto& reader : readers) {
            EXPECT_EQ(reader.get(), "x");
        }
        send_text(pairs.back().one, "y");
        EXPECT_EQ(poller.get(), 1);
        EXPECT_EQ(entries.back().revents, POLLIN);
    });
    ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace weft::test
