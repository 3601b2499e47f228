// Unix-domain streams: names, who is at the other end, descriptors passed along.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/net/unix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::UnixListener;
using net::UnixStream;
using testing::wait_all_parked;

WEFT_HUB_SUITE(Unix);

std::string fresh_path() {
    static int count = 0;
    return ::testing::TempDir() + "weft-unix." + std::to_string(::getpid()) + "." + std::to_string(count++);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

TEST_P(Unix, ClientsReachAPathAndAnAbstractName) {
    for (const std::string& name : {fresh_path(), "@weft-unix." + std::to_string(::getpid())}) {
        UnixListener listener = UnixListener::listen(name);
        EXPECT_EQ(listener.endpoint().path(), name);
        auto accepting = spawn([&] { return listener.accept(); });
        wait_all_parked();
        UnixStream client = UnixStream::connect(name);
        UnixStream server = std::move(accepting).get();
        client.write_all("hello");
        char buffer[8];
        EXPECT_EQ(server.read_some(buffer), 5U);
        EXPECT_EQ(client.remote_endpoint().path(), name);
        EXPECT_EQ(server.peer_credentials().pid, ::getpid());
        EXPECT_EQ(server.peer_credentials().uid, ::getuid());
    }
}

TEST_P(Unix, ThePathGoesWithItsListener) {
    const std::string path = fresh_path();
    UnixListener listener = UnixListener::listen(path);
    UnixListener owner = std::move(listener);
    EXPECT_TRUE(exists(path));
    owner.close();
    EXPECT_FALSE(exists(path));
}

TEST_P(Unix, APathThatSomebodyListensAtIsInUseAndOneLeftBehindIsReplaced) {
    const std::string path = fresh_path();
    UnixListener listener = UnixListener::listen(path);
    const auto error = error_of([&] { (void)UnixListener::listen(path); });
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    EXPECT_TRUE(exists(path)) << "the loser leaves it alone";
    // As a process that is killed leaves it: closed, but still there.
    const std::string kept = path + ".kept";
    ASSERT_EQ(::link(path.c_str(), kept.c_str()), 0);
    listener.close();
    ASSERT_EQ(::rename(kept.c_str(), path.c_str()), 0);
    EXPECT_EQ(error_of([&] { (void)UnixStream::connect(path); }).code(), std::errc::connection_refused);
    UnixListener next = UnixListener::listen(path);
    EXPECT_TRUE(UnixStream::connect(path).is_open());
}

TEST_P(Unix, AFileThatIsNoSocketIsNotReplaced) {
    const std::string path = fresh_path();
    UniqueFd file(::open(path.c_str(), O_CREAT | O_RDWR, 0600));
    EXPECT_EQ(error_of([&] { (void)UnixListener::listen(path); }).code(), std::errc::address_in_use);
    EXPECT_TRUE(exists(path));
    ::unlink(path.c_str());
}

TEST_P(Unix, ConnectingToAFullQueueWaits) {
    const std::string path = fresh_path();
    UnixListener listener = UnixListener::listen(path, 0);
    UnixStream first = UnixStream::connect(path);
    EXPECT_THROW((void)UnixStream::connect(path, 20ms), TimeoutError);
    auto second = spawn([&] { return UnixStream::connect(path); });
    yield();
    UnixStream served = listener.accept();
    EXPECT_TRUE(second.get().is_open());
}

TEST_P(Unix, AMissingOrMalformedPathIsNamed) {
    const std::string path = fresh_path();
    const auto error = error_of([&] { (void)UnixStream::connect(path); });
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    std::error_code code;
    EXPECT_FALSE(UnixStream::connect(path, never, code).is_open());
    EXPECT_EQ(code, std::errc::no_such_file_or_directory);
    EXPECT_THROW((void)UnixStream::connect(std::string(200, 'x')), std::invalid_argument);
}

TEST_P(Unix, DescriptorsGoAlongWithTheBytes) {
    auto ends = UnixStream::pair();
    auto& sender = ends.first;
    auto& receiver = ends.second;
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const UniqueFd read_end(pipe[0]);
    UniqueFd write_end(pipe[1]);
    char buffer[8];
    auto waiting = spawn([&] { return receiver.receive_fds(buffer, 4); });
    wait_all_parked();
    sender.send_fds("fds", std::vector<int>{write_end.get(), write_end.get()});
    net::ReceivedFds received = std::move(waiting).get();
    EXPECT_EQ(std::string(buffer, received.size), "fds");
    ASSERT_EQ(received.fds.size(), 2U);
    EXPECT_FALSE(received.truncated);
    write_end.reset();
    for (const UniqueFd& fd : received.fds) {
        EXPECT_EQ(::write(fd.get(), "x", 1), 1);
        EXPECT_EQ(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    char both[2];
    EXPECT_EQ(::read(read_end.get(), both, 2), 2);
}

TEST_P(Unix, MoreDescriptorsThanWantedAreClosedAndReported) {
    auto ends = UnixStream::pair();
    auto& sender = ends.first;
    auto& receiver = ends.second;
    const UniqueFd file(::open("/dev/null", O_RDONLY));
    const std::vector<int> five(5, file.get());
    sender.send_fds("x", five);
    char buffer[8];
    net::ReceivedFds received = receiver.receive_fds(buffer, 2);
    EXPECT_EQ(received.fds.size(), 2U);
    EXPECT_TRUE(received.truncated);
    received.fds.clear();
    const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
    sender.send_fds("x", five);
    EXPECT_TRUE(receiver.receive_fds(buffer, 0).truncated);
    EXPECT_EQ(UniqueFd(::open("/dev/null", O_RDONLY)).get(), next_number) << "none is left open";
}

TEST_P(Unix, SendingNoBytesOrTooManyDescriptorsIsAnArgumentError) {
    auto ends = UnixStream::pair();
    auto& sender = ends.first;
    auto& receiver = ends.second;
    const UniqueFd file(::open("/dev/null", O_RDONLY));
    const std::vector<int> one{file.get()};
    const std::vector<int> many(254, file.get());
    EXPECT_EQ(error_of([&] { sender.send_fds("", one); }).code(), std::errc::invalid_argument);
    EXPECT_EQ(error_of([&] { sender.send_fds("x", many); }).code(), std::errc::invalid_argument);
    EXPECT_EQ(error_of([&] { sender.send_fds("x", std::vector<int>{9999}); }).code(),
              std::errc::bad_file_descriptor);
    receiver.close();
    std::error_code error;
    sender.send_fds("x", one, never, error);
    EXPECT_EQ(error, std::errc::broken_pipe);
}

}  // namespace
}  // namespace weft::test
