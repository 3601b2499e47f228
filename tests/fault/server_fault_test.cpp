// Servers that run out of descriptors, stacks or hubs, and listeners that fail.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/net/server.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"
#include "support/streams.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using impl::Sys;
using impl::SysOverride;
using net::Server;
using net::ServerOptions;
using net::TcpListener;
using net::TcpStream;
using testing::wait_all_parked;

WEFT_HUB_SUITE(ServerFault);

int calls = 0;
int accept_error = 0;

void echo(TcpStream stream) {
    char buffer[256];
    std::error_code error;
    while (const std::size_t size = stream.read_some(buffer, error)) {
        stream.write_all({buffer, size}, error);
    }
}

void expect_echo(TcpStream& stream) {
    stream.write_all("ping");
    char reply[4];
    stream.read_exact(reply, 1h);
    EXPECT_EQ(std::string(reply, 4), "ping");
}

/// Fails once in two calls with each of the errors in turn.
int failing_accept(int fd, sockaddr* peer, socklen_t* size, int flags) {
    constexpr int errors[] = {ECONNABORTED, EPERM, EPROTO, ENETUNREACH, EINTR, EHOSTUNREACH};
    if (++calls % 2 != 0) {
        errno = errors[static_cast<std::size_t>(calls / 2) % std::size(errors)];
        return -1;
    }
    return ::accept4(fd, peer, size, flags);
}

// CONFORMANCE 248
TEST_P(ServerFault, ConnectionsLostBeforeTheyAreAcceptedAreSkippedAndUnknownErrorsEndTheServer) {
    calls = 0;
    {
        const SysOverride accept(&Sys::accept4, &failing_accept);
        Server server(TcpListener::listen("127.0.0.1:0"), echo);
        server.start();
        for (int i = 0; i < 10; ++i) {
            TcpStream client = TcpStream::connect(server.endpoint());
            expect_echo(client);
        }
        EXPECT_GE(calls, 20);
    }
    const SysOverride accept(
        &Sys::accept4, +[](int, sockaddr*, socklen_t*, int) {
            errno = EFAULT;
            return -1;
        });
    Server server(TcpListener::listen("127.0.0.1:0"), echo);
    const auto error = error_of([&] { server.run(); });
    EXPECT_EQ(error.code(), std::errc::bad_address);
    EXPECT_NE(std::string(error.what()).find("accept on " + server.endpoint().to_string()),
              std::string::npos);
}

/// What accept fails with where there are no descriptors, and the limit that the report names.
struct Shortage {
    int error;
    const char* limit;
    const char* other_limit;
};

void expect_pauses_and_one_report(const Shortage& shortage) {
    std::vector<std::string> reports;
    Server server(TcpListener::listen("127.0.0.1:0"), echo,
                  ServerOptions{.report = [&](std::string_view text) { reports.emplace_back(text); }});
    server.start();
    TcpStream standing = TcpStream::connect(server.endpoint());
    expect_echo(standing);
    calls = 0;
    accept_error = shortage.error;
    TcpStream waiting;
    const TimePoint begun = now();
    {
        const SysOverride accept(
            &Sys::accept4, +[](int, sockaddr*, socklen_t*, int) {
                ++calls;
                errno = accept_error;
                return -1;
            });
        waiting = TcpStream::connect(server.endpoint());
        for (int i = 0; i < 10; ++i) {
            sleep_for(25ms);
            expect_echo(standing);
        }
    }
    // 10, 20, 40, 80, 160 ms: no more than six tries in a quarter of a second, however slow the machine is.
    EXPECT_GE(calls, 2);
    EXPECT_LE(calls, 6 + (now() - begun) / 300ms);
    expect_echo(waiting);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_NE(reports[0].find(shortage.limit), std::string::npos) << reports[0];
    EXPECT_EQ(reports[0].find(shortage.other_limit), std::string::npos) << reports[0];
    EXPECT_NE(reports[0].find(server.endpoint().to_string()), std::string::npos) << reports[0];
}

// CONFORMANCE 247
TEST_P(ServerFault, WithoutDescriptorsItPausesReportsAndGoesOn) {
    // The process has no more of them, or the whole system has not.
    for (const Shortage& shortage : {Shortage{EMFILE, "RLIMIT_NOFILE", "fs.file-max"},
                                     Shortage{ENFILE, "fs.file-max", "RLIMIT_NOFILE"}}) {
        SCOPED_TRACE(shortage.limit);
        expect_pauses_and_one_report(shortage);
    }
}

TEST_P(ServerFault, AtTheRealLimitEstablishedConnectionsLiveAndOthersFollowWhenOneEnds) {
    std::vector<std::string> reports;
    Server server(TcpListener::listen("127.0.0.1:0"), echo,
                  ServerOptions{.report = [&](std::string_view text) { reports.emplace_back(text); }});
    server.start();
    TcpStream first = TcpStream::connect(server.endpoint());
    expect_echo(first);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    // The client's end of the next connection still fits, the server's does not.
    const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
    const rlimit tight{static_cast<rlim_t>(next_number) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    TcpStream second = TcpStream::connect(server.endpoint());
    EXPECT_EQ(error_of([&] { (void)TcpStream::connect(server.endpoint()); }).code(),
              std::errc::too_many_files_open);
    sleep_for(50ms);
    EXPECT_EQ(reports.size(), 1U);
    expect_echo(first);
    first.close();
    expect_echo(second);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// CONFORMANCE 245
TEST_P(ServerFault, AClientForWhomThereIsNoStackIsClosedAndTheNextIsServed) {
    std::vector<std::string> reports;
    constexpr std::size_t stack_size = 3 << 20;
    Server server(TcpListener::listen("127.0.0.1:0"), echo,
                  ServerOptions{.stack_size = stack_size,
                                .report = [&](std::string_view text) { reports.emplace_back(text); }});
    server.start();
    wait_all_parked();
    {
        const SysOverride no_memory(
            &Sys::mmap, +[](void*, std::size_t, int, int, int, off_t) -> void* {
                errno = ENOMEM;
                return MAP_FAILED;
            });
        // Until no stack of that size is left that some fiber has had before.
        Event may_end;
        std::vector<Fiber<>> holders;
        for (bool room = true; room;) {
            try {
                holders.push_back(spawn(SpawnOptions{.stack_size = stack_size}, [&] { may_end.wait(); }));
            } catch (const std::system_error&) {
                room = false;
            }
        }
        TcpStream refused = TcpStream::connect(server.endpoint());
        char buffer[1];
        std::error_code error;
        EXPECT_EQ(refused.read_some(buffer, 1h, error), 0U);
        EXPECT_FALSE(error) << "closed in order: " << error.message();
        may_end.set();
    }
    TcpStream served = TcpStream::connect(server.endpoint());
    expect_echo(served);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_NE(reports[0].find("start a fiber for a client of"), std::string::npos) << reports[0];
}

TEST_P(ServerFault, AShortageIsReportedOnStandardErrorUnlessToldOtherwise) {
    const StderrCapture printed;
    const SysOverride accept(
        &Sys::accept4, +[](int, sockaddr*, socklen_t*, int) {
            errno = EMFILE;
            return -1;
        });
    Server server(TcpListener::listen("127.0.0.1:0"), echo);
    server.start();
    const std::string report = "accept on " + server.endpoint().to_string();
    const TimePoint limit = now() + 30s;
    while (printed.str().find(report) == std::string::npos && now() < limit) {
        sleep_for(1ms);
    }
    EXPECT_NE(printed.str().find(report), std::string::npos) << printed.str();
}

TEST(ServerFaultHubs, AHubThatCannotBeMadeIsAnExceptionOfStartAndLeavesNothing) {
    run([] {
        const int next_number = UniqueFd(::open("/dev/null", O_RDONLY)).get();
        {
            Server server(TcpListener::listen("127.0.0.1:0"), echo, ServerOptions{.hubs = 3});
            rlimit before{};
            ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
            // Two more listeners fit, and no descriptor of a hub.
            const rlimit tight{static_cast<rlim_t>(next_number) + 3, before.rlim_max};
            ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
            const auto error = error_of([&] { server.start(); });
            ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
            EXPECT_EQ(error.code(), std::errc::too_many_files_open);
            EXPECT_FALSE(server.running());
            EXPECT_THROW(server.start(), std::logic_error);
        }
        EXPECT_EQ(UniqueFd(::open("/dev/null", O_RDONLY)).get(), next_number);
    });
}

}  // namespace
}  // namespace weft::test
