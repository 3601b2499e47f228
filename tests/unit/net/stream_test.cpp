// What holds for every byte stream: TCP over IPv4 and IPv6, and Unix.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/core/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(Stream);

/// Fills what the kernel takes; the next byte written waits.
std::size_t fill(net::StreamSocket& stream) {
    const std::string chunk(1 << 16, 'x');
    std::error_code error;
    std::size_t sum = 0;
    while (!error) {
        sum += stream.write_some(chunk, 0s, error);
    }
    EXPECT_EQ(error, std::errc::timed_out);
    return sum;
}

TEST_P(Stream, ReadSomeTakesWhatHasArrivedAndReportsTheEndAsZero) {
    for_each_stream([](StreamPair pair) {
        char buffer[16];
        auto reader = spawn([&] { return pair.one.read_some(buffer); });
        wait_all_parked();
        EXPECT_FALSE(reader.ready());
        pair.other.write_all("hello");
        EXPECT_EQ(reader.get(), 5U);
        EXPECT_EQ(std::string(buffer, 5), "hello");
        pair.other.shutdown_write();
        EXPECT_EQ(pair.one.read_some(buffer), 0U);
        EXPECT_EQ(pair.one.read_some(buffer), 0U);
    });
}

TEST_P(Stream, WaitingForReadabilityTakesNothingAndEndsForDataAndForTheEnd) {
    for_each_stream([](StreamPair pair) {
        auto waiter = spawn([&] { pair.one.wait_readable(); });
        wait_all_parked();
        EXPECT_FALSE(waiter.ready());
        pair.other.write_all("hello");
        waiter.get();
        pair.one.wait_readable();  // still
        pair.one.wait_readable(0s);
        char buffer[16];
        EXPECT_EQ(pair.one.read_some(buffer, 0s), 5U);
        EXPECT_THROW(pair.one.wait_readable(0s), TimeoutError);
        pair.other.shutdown_write();
        pair.one.wait_readable();
        EXPECT_EQ(pair.one.read_some(buffer), 0U);
    });
}

TEST_P(Stream, WaitingForRoomToWriteEndsWhenThePeerHasRead) {
    for_each_stream([](StreamPair pair) {
        pair.one.wait_writable(0s);
        const std::size_t size = fill(pair.one);
        auto waiter = spawn([&] { pair.one.wait_writable(); });
        wait_all_parked();
        EXPECT_FALSE(waiter.ready());
        std::string all(size, '\0');
        pair.other.read_exact(all);
        waiter.get();
        EXPECT_GT(pair.one.write_some("x", 0s), 0U);
    });
}

TEST_P(Stream, WaitingForASocketEndsWithItsLimitAndWithItsClosing) {
    for_each_stream([](StreamPair pair) {
        pair.one.set_read_timeout(20ms);
        const TimePoint begun = now();
        EXPECT_EQ(error_of([&] { pair.one.wait_readable(); }).code(), std::errc::timed_out);
        EXPECT_GE(now() - begun, 20ms);
        std::error_code error;
        pair.one.wait_readable(1ms, error);
        EXPECT_EQ(error, std::errc::timed_out);
        pair.one.wait_writable(error);
        EXPECT_FALSE(error);
        auto reader = spawn([&] { pair.one.wait_readable(never, error); });
        wait_all_parked();
        pair.one.set_read_timeout(never);
        auto other = spawn([&] { return error_of([&] { pair.one.wait_readable(); }); });
        wait_all_parked();
        pair.one.close();
        EXPECT_EQ(other.get().code(), std::errc::bad_file_descriptor);
        reader.get();
        EXPECT_EQ(error_of([&] { pair.one.wait_writable(); }).code(), std::errc::bad_file_descriptor);
    });
}

TEST_P(Stream, APlainThreadMayWaitForASocketToo) {
    for_each_stream([](StreamPair pair) {
        pair.other.write_all("x");
        std::error_code nothing = std::make_error_code(std::errc::io_error);
        std::error_code something = nothing;
        std::error_code room = nothing;
        std::error_code late;
        std::thread([&] {
            pair.one.wait_readable(0s, something);
            pair.one.wait_writable(never, room);
            pair.other.wait_readable(0s, nothing);
            pair.other.wait_readable(5ms, late);
        }).join();
        EXPECT_FALSE(something) << something.message();
        EXPECT_FALSE(room) << room.message();
        EXPECT_EQ(nothing, std::errc::timed_out);
        EXPECT_EQ(late, std::errc::timed_out);
    });
}

TEST_P(Stream, ReadExactFillsTheBufferFromManyPieces) {
    for_each_stream([](StreamPair pair) {
        char buffer[6];
        auto reader = spawn([&] { pair.one.read_exact(buffer); });
        for (const char* piece : {"a", "bc", "def"}) {
            wait_all_parked();
            pair.other.write_all(std::string_view(piece));
        }
        reader.get();
        EXPECT_EQ(std::string(buffer, 6), "abcdef");
    });
}

TEST_P(Stream, ReadExactThrowsWhereTheStreamEndsEarly) {
    for_each_stream([](StreamPair pair) {
        char buffer[6];
        pair.other.write_all("abc");
        pair.other.close();
        EXPECT_THROW(pair.one.read_exact(buffer), EndOfStream);
    });
    for_each_stream([](StreamPair pair) {
        char buffer[6];
        pair.other.write_all("abc");
        pair.other.close();
        std::error_code error = std::make_error_code(std::errc::io_error);
        EXPECT_EQ(pair.one.read_exact(buffer, error), 3U);
        EXPECT_FALSE(error);
    });
}

// CONFORMANCE 181
TEST_P(Stream, OneReaderAndOneWriterMoveMuchDataBothWaysAtOnce) {
    for_each_stream([](StreamPair pair) {
        const std::string sent = numbered(8 << 20);
        const auto write = [&sent](net::StreamSocket& stream) {
            stream.write_all(sent);
            stream.shutdown_write();
        };
        const auto read = [](net::StreamSocket& stream) {
            std::string all;
            std::string buffer(100'000, '\0');
            while (const std::size_t size = stream.read_some(buffer)) {
                all.append(buffer, 0, size);
            }
            return all;
        };
        auto write_one = spawn(write, std::ref(pair.one));
        auto write_other = spawn(write, std::ref(pair.other));
        auto read_one = spawn(read, std::ref(pair.one));
        auto read_other = spawn(read, std::ref(pair.other));
        EXPECT_TRUE(read_one.get() == sent);
        EXPECT_TRUE(read_other.get() == sent);
        write_one.get();
        write_other.get();
    });
}

// CONFORMANCE 184
TEST_P(Stream, TheDeadlineOfWriteAllCountsForTheWhole) {
    for_each_stream([](StreamPair pair) {
        const std::string much(32 << 20, 'x');
        // A reader that takes a little every 30 ms: no single wait is as long as the deadline.
        auto reader = spawn([&] {
            std::string buffer(200'000, '\0');
            for (;;) {
                sleep_for(30ms);
                (void)pair.other.read_some(buffer);
            }
        });
        const TimePoint begun = now();
        EXPECT_THROW(pair.one.write_all(much, 100ms), TimeoutError);
        EXPECT_GE(now() - begun, 100ms);
        reader.kill();
        reader.join();
    });
}

// CONFORMANCE 185
TEST_P(Stream, AnEmptyWriteOrReadReturnsAtOnce) {
    for_each_stream([](StreamPair pair) {
        fill(pair.one);
        pair.one.write_all("");
        pair.one.write_all("", 0s);
        EXPECT_EQ(pair.one.write_some(""), 0U);
        EXPECT_EQ(pair.one.read_some(MutableBytes()), 0U);
        pair.one.read_exact(MutableBytes());
        pair.one.write_all_vectored({});
    });
}

TEST_P(Stream, VectoredFormsKeepTheOrderOfMoreBuffersThanOneCallTakes) {
    for_each_stream([](StreamPair pair) {
        const std::string sent = numbered(3'000'000);
        std::vector<ConstBytes> pieces;
        for (std::size_t place = 0, length = 0; place < sent.size(); place += length) {
            pieces.push_back({});
            length = std::min<std::size_t>(place % 23'456 + 1, sent.size() - place);
            pieces.push_back({sent.data() + place, length});
        }
        ASSERT_GT(pieces.size(), 200U);
        auto writer = spawn([&] { pair.other.write_all_vectored(pieces); });
        std::string received;
        std::string first(1000, '\0');
        std::string second(70'000, '\0');
        while (received.size() < sent.size()) {
            const MutableBytes buffers[] = {first, MutableBytes(), second};
            const std::size_t size = pair.one.read_some_vectored(buffers);
            received.append(first, 0, std::min(size, first.size()));
            received.append(second, 0, size - std::min(size, first.size()));
        }
        EXPECT_TRUE(received == sent);
        writer.get();
    });
}

TEST_P(Stream, AHalfClosedStreamStillReceives) {
    for_each_stream([](StreamPair pair) {
        pair.one.shutdown_write();
        char buffer[8];
        EXPECT_EQ(pair.other.read_some(buffer), 0U);
        pair.other.write_all("late");
        EXPECT_EQ(pair.one.read_some(buffer), 4U);
        EXPECT_EQ(error_of([&] { pair.one.write_all("x"); }).code(), std::errc::broken_pipe);
    });
}

// CONFORMANCE 187
TEST_P(Stream, ShuttingDownTheReadingEndsAReadThatWaits) {
    for_each_stream([](StreamPair pair) {
        char buffer[8];
        auto reader = spawn([&] { return pair.one.read_some(buffer); });
        wait_all_parked();
        pair.one.shutdown_read();
        EXPECT_EQ(reader.get(), 0U);
        pair.one.close();
        EXPECT_EQ(error_of([&] { pair.one.shutdown_read(); }).code(), std::errc::bad_file_descriptor);
        std::error_code error;
        pair.one.shutdown_write(error);
        EXPECT_EQ(error, std::errc::bad_file_descriptor);
    });
}

// CONFORMANCE 178
TEST_P(Stream, ClosingWakesReaderAndWriterWithAnErrorThatSaysSo) {
    for_each_stream([](StreamPair pair) {
        fill(pair.one);
        char buffer[8];
        auto reader = spawn([&] { return error_of([&] { (void)pair.one.read_some(buffer); }); });
        auto writer = spawn([&] { return error_of([&] { pair.one.write_all("x"); }); });
        wait_all_parked();
        pair.one.close();
        EXPECT_EQ(reader.get().code(), std::errc::bad_file_descriptor);
        EXPECT_EQ(writer.get().code(), std::errc::bad_file_descriptor);
        EXPECT_NE(std::string(reader.get().what()).find("(closed)"), std::string::npos);
        EXPECT_FALSE(pair.one.is_open());
    });
}

// CONFORMANCE 218
TEST_P(Stream, ClosingWakesEachOfSeveralReaders) {
    for_each_stream([](StreamPair pair) {
        char buffer[8];
        const auto read = [&] { return error_of([&] { (void)pair.one.read_some(buffer); }).code(); };
        auto first = spawn(read);
        auto second = spawn(read);
        wait_all_parked();
        pair.one.close();
        EXPECT_EQ(first.get(), std::errc::bad_file_descriptor);
        EXPECT_EQ(second.get(), std::errc::bad_file_descriptor);
        EXPECT_EQ(read(), std::errc::bad_file_descriptor) << "and whoever comes later";
    });
}

// CONFORMANCE 216
TEST_P(Stream, ClosedTwiceItClosesNobodyElsesDescriptor) {
    for_each_stream([](StreamPair pair) {
        const int number = pair.one.native_handle();
        pair.one.close();
        const UniqueFd next(::dup2(pair.other.native_handle(), number));
        ASSERT_EQ(next.get(), number);
        pair.one.close();
        { const net::StreamSocket dropped = std::move(pair.one); }
        EXPECT_GE(::fcntl(number, F_GETFD), 0);
    });
}

// CONFORMANCE 189
TEST_P(Stream, NoWaitOfAClosedDescriptorReachesTheNextOwnerOfItsNumber) {
    auto ends = tcp_pair();
    auto& client = ends.first;
    char buffer[8];
    std::error_code old_error;
    auto old_reader = spawn([&] { return client.read_some(buffer, old_error); });
    wait_all_parked();
    const int number = client.native_handle();
    client.close();
    net::UnixStream fresh;
    net::UnixStream far_end;
    std::vector<std::pair<net::UnixStream, net::UnixStream>> others;
    while (fresh.native_handle() != number) {
        others.push_back(net::UnixStream::pair());
        ASSERT_LT(others.size(), 100U);
        auto& [one, other] = others.back();
        if (one.native_handle() == number || other.native_handle() == number) {
            fresh = std::move(one.native_handle() == number ? one : other);
            far_end = std::move(one.is_open() ? one : other);
        }
    }
    char text[8];
    auto new_reader = spawn([&] { return fresh.read_some(text); });
    wait_all_parked();
    EXPECT_EQ(old_reader.get(), 0U);
    EXPECT_EQ(old_error, std::errc::bad_file_descriptor);
    EXPECT_FALSE(new_reader.ready());
    far_end.write_all("new");
    EXPECT_EQ(new_reader.get(), 3U);
}

// CONFORMANCE 182
TEST_P(Stream, ACallEndsAtItsDeadlineOrAtTheSocketsLimit) {
    for_each_stream([](StreamPair pair) {
        char buffer[8];
        TimePoint begun = now();
        EXPECT_THROW((void)pair.one.read_some(buffer, 20ms), TimeoutError);
        EXPECT_GE(now() - begun, 20ms);
        pair.one.set_read_timeout(30ms);
        for (int turn = 0; turn < 2; ++turn) {
            begun = now();
            EXPECT_EQ(error_of([&] { pair.one.read_exact(buffer); }).code(), std::errc::timed_out);
            EXPECT_GE(now() - begun, 30ms);
        }
        // The call's own replaces it.
        begun = now();
        EXPECT_THROW((void)pair.one.read_some(buffer, 60ms), TimeoutError);
        EXPECT_GE(now() - begun, 60ms);
        fill(pair.one);
        pair.one.set_write_timeout(20ms);
        EXPECT_THROW(pair.one.write_all("x"), TimeoutError);
        EXPECT_THROW((void)pair.one.write_some("x"), TimeoutError);
        const ConstBytes parts[] = {"x"};
        EXPECT_THROW(pair.one.write_all_vectored(parts), TimeoutError);
    });
}

TEST_P(Stream, ALimitOfZeroTakesWhatIsReadyAndNeverSetsItBack) {
    for_each_stream([](StreamPair pair) {
        char buffer[8];
        pair.one.set_read_timeout(0s);
        EXPECT_THROW((void)pair.one.read_some(buffer), TimeoutError);
        pair.other.write_all("ab");
        EXPECT_EQ(pair.one.read_some(buffer), 2U);
        EXPECT_THROW((void)pair.one.read_some(buffer), TimeoutError);
        pair.one.set_read_timeout(never);
        auto reader = spawn([&] { return pair.one.read_some(buffer); });
        wait_all_parked();
        EXPECT_FALSE(reader.ready());
        pair.other.write_all("c");
        EXPECT_EQ(reader.get(), 1U);
    });
}

TEST_P(Stream, TheTwinsReportTimeAndClosingWithoutThrowing) {
    for_each_stream([](StreamPair pair) {
        char buffer[8];
        std::error_code error;
        EXPECT_EQ(pair.one.read_some(buffer, 1ms, error), 0U);
        EXPECT_EQ(error, std::errc::timed_out);
        pair.other.write_all("abc");
        EXPECT_EQ(pair.one.read_exact(buffer, 1ms, error), 3U);
        EXPECT_EQ(error, std::errc::timed_out);
        EXPECT_EQ(pair.other.write_some("x", error), 1U);
        EXPECT_FALSE(error);
        pair.one.close();
        pair.one.write_all("x", error);
        EXPECT_EQ(error, std::errc::bad_file_descriptor);
        pair.one.read_some_vectored({}, never, error);
        EXPECT_FALSE(error);
    });
}

TEST_P(Stream, ClosedMovedFromAndEmptySocketsFailAndDoNotCrash) {
    auto ends = tcp_pair();
    auto& client = ends.first;
    net::TcpStream owner = std::move(client);
    net::TcpStream empty;
    char buffer[8];
    for (net::TcpStream* socket : {&client, &empty}) {
        EXPECT_FALSE(socket->is_open());
        EXPECT_EQ(error_of([&] { (void)socket->read_some(buffer); }).code(), std::errc::bad_file_descriptor);
        EXPECT_EQ(error_of([&] { socket->set_no_delay(true); }).code(), std::errc::bad_file_descriptor);
        socket->set_read_timeout(1s);
        socket->close();
    }
    EXPECT_TRUE(owner.is_open());
}

TEST_P(Stream, ErrorsNameTheOperationThePeerAndTheDescriptor) {
    auto ends = tcp_pair();
    auto& client = ends.first;
    auto& server = ends.second;
    server.set_reset_on_close(true);
    server.close();
    char buffer[8];
    const auto error = error_of([&] { (void)client.read_some(buffer); });
    EXPECT_EQ(error.code(), std::errc::connection_reset);
    const std::string expected = "read from " + client.remote_endpoint().to_string() + " (descriptor " +
                                 std::to_string(client.native_handle()) + ")";
    EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
}

TEST_P(Stream, WritingToAPeerThatHasGoneIsAnErrorAndNoSignal) {
    for_each_stream([](StreamPair pair) {
        pair.other.close();
        std::error_code error;
        for (int turn = 0; turn < 10 && !error; ++turn) {
            pair.one.write_all(std::string(1 << 20, 'x'), error);
        }
        EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset)
            << error.message();
    });
}

// CONFORMANCE 193
TEST_P(Stream, TakingOverAStreamLeavesItsBlockingModeAlone) {
    auto ends = net::UnixStream::pair();
    auto& one = ends.first;
    auto& other = ends.second;
    UniqueFd raw = one.release();
    EXPECT_FALSE(one.is_open());
    int off = 0;
    ASSERT_EQ(::ioctl(raw.get(), FIONBIO, &off), 0);
    net::UnixStream taken(std::move(raw));
    char buffer[8];
    EXPECT_THROW((void)taken.read_some(buffer, 1ms), TimeoutError);
    EXPECT_EQ(::fcntl(taken.native_handle(), F_GETFL) & O_NONBLOCK, 0);
    other.write_all("still");
    EXPECT_EQ(taken.read_some(buffer), 5U);
}

// CONFORMANCE 87
TEST_P(Stream, OnlyAConnectedStreamSocketCanBeTakenOver) {
    net::TcpListener listener = net::TcpListener::listen("127.0.0.1:0");
    EXPECT_EQ(error_of([&] { net::TcpStream stream(listener.release()); }).code(),
              std::errc::invalid_argument);
    EXPECT_EQ(error_of([] { net::TcpStream stream(UniqueFd(::eventfd(0, 0))); }).code(),
              std::errc::not_a_socket);
    EXPECT_EQ(error_of([] { net::TcpStream stream{UniqueFd()}; }).code(), std::errc::bad_file_descriptor);
}

TEST_P(Stream, SeveralReadersOfOneStreamEachGetTheirTurn) {
    for_each_stream([](StreamPair pair) {
        char first[4];
        char second[4];
        auto one = spawn([&] { return pair.one.read_some(first); });
        auto two = spawn([&] { return pair.one.read_some(second); });
        wait_all_parked();
        pair.other.write_all("a");
        wait_all_parked();
        pair.other.write_all("b");
        EXPECT_EQ(one.get() + two.get(), 2U);
    });
}

// CONFORMANCE 196
TEST_P(Stream, ManySocketsWithTrafficLeaveNoDescriptorBehind) {
    const auto next_number = [] { return UniqueFd(::eventfd(0, 0)).get(); };
    const auto traffic = [] {
        auto ends = tcp_pair();
        auto& client = ends.first;
        auto& server = ends.second;
        char buffer[8];
        auto echo = spawn([&] { server.write_all({buffer, server.read_some(buffer)}); });
        client.write_all("ping");
        char back[4];
        client.read_exact(back);
        echo.get();
    };
    traffic();
    const int before = next_number();
    for (int turn = 0; turn < 300; ++turn) {
        traffic();
    }
    EXPECT_EQ(next_number(), before);
}

}  // namespace
}  // namespace weft::test
