// Descriptors that are none, and such as are closed behind the library's back.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include <weft/base/error.hpp>
#include <weft/core/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::UnixStream;
using testing::wait_all_parked;

WEFT_HUB_SUITE(ForeignClose);

/// A number that means no descriptor.
int bad_number() {
    const int number = ::dup(0);
    ::close(number);
    return number;
}

// CONFORMANCE 190
TEST_P(ForeignClose, WhereItIsWaitedForTheOtherWaitsAndTheHubGoOn) {
    auto ends = UnixStream::pair();
    auto others = UnixStream::pair();
    char lost[8];
    std::error_code error;
    auto reader = spawn([&] { return ends.first.read_some(lost, never, error); });
    char buffer[8];
    auto other = spawn([&] { return others.first.read_some(buffer); });
    wait_all_parked();
    ASSERT_EQ(::close(ends.first.native_handle()), 0);
    ends.second.close();
    sleep_for(1ms);
    others.second.write_all("on");
    EXPECT_EQ(other.get(), 2U);
    // The kernel says nothing of the end of the first: who waits for it is woken by a limit, a cancellation or this.
    EXPECT_FALSE(reader.ready());
    ends.first.close();
    EXPECT_EQ(reader.get(), 0U);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
}

TEST_P(ForeignClose, AWaitThatHasJustBegunIsToldOfIt) {
    if (on_virtual_time()) {
        return;  // its poller asks about all descriptors each time, and has nothing that the kernel could refuse
    }
    auto ends = UnixStream::pair();
    char lost[8];
    std::error_code error;
    auto reader = spawn([&] { return ends.first.read_some(lost, never, error); });
    yield();  // the reader waits now, and the kernel has not been asked for events yet
    ASSERT_EQ(::close(ends.first.native_handle()), 0);
    EXPECT_EQ(reader.get(), 0U);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    auto others = UnixStream::pair();
    char buffer[8];
    auto other = spawn([&] { return others.first.read_some(buffer, 1h); });
    wait_all_parked();
    others.second.write_all("on");
    EXPECT_EQ(other.get(), 2U) << "on the number of the first, which still believes that it is its own";
    others.first.close();
}

TEST_P(ForeignClose, TheNextOwnerOfTheNumberIsServedAndWhoWaitedForTheOldOneIsTold) {
    auto old = UnixStream::pair();
    char lost[8];
    std::error_code error;
    auto reader = spawn([&] { return old.first.read_some(lost, never, error); });
    wait_all_parked();
    const int number = old.first.native_handle();
    ASSERT_EQ(::close(number), 0);
    auto fresh = UnixStream::pair();
    ASSERT_EQ(fresh.first.native_handle(), number);
    EXPECT_EQ(reader.get(), 0U);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    char buffer[8];
    auto new_reader = spawn([&] { return fresh.first.read_some(buffer, 1h); });
    wait_all_parked();
    fresh.second.write_all("new");
    EXPECT_EQ(new_reader.get(), 3U);
    // Ends before the first, which believes that the number is its own.
    fresh.first.close();
}

// CONFORMANCE 191
TEST_P(ForeignClose, ABadDescriptorFailsAtOnceWithEbadf) {
    for (const int number : {-1, bad_number()}) {
        SCOPED_TRACE(number);
        EXPECT_EQ(error_of([=] { net::TcpStream stream{UniqueFd(number)}; }).code(),
                  std::errc::bad_file_descriptor);
        EXPECT_EQ(error_of([=] { net::TcpListener listener{UniqueFd(number)}; }).code(),
                  std::errc::bad_file_descriptor);
        EXPECT_EQ(error_of([=] { net::UdpSocket socket{UniqueFd(number)}; }).code(),
                  std::errc::bad_file_descriptor);
    }
    auto ends = UnixStream::pair();
    ASSERT_EQ(::close(ends.first.native_handle()), 0);
    char buffer[8];
    EXPECT_EQ(error_of([&] { (void)ends.first.read_some(buffer); }).code(), std::errc::bad_file_descriptor);
    EXPECT_EQ(error_of([&] { ends.first.write_all("x"); }).code(), std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace weft::test
