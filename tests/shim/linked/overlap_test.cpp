// Code written for threads, in fibers: libc's own names, nothing else.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "ends.hpp"

// The names that a program compiled with _FORTIFY_SOURCE calls.
extern "C" {
ssize_t __read_chk(int, void*, std::size_t, std::size_t);
ssize_t __recv_chk(int, void*, std::size_t, std::size_t, int);
ssize_t __recvfrom_chk(int, void*, std::size_t, std::size_t, int, sockaddr*, socklen_t*);
int __poll_chk(pollfd*, nfds_t, int, std::size_t);
int __ppoll_chk(pollfd*, nfds_t, const timespec*, const sigset_t*, std::size_t);
ssize_t __read(int, void*, std::size_t);
int __poll(pollfd*, nfds_t, int);
}

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

class Linked : public ::testing::Test {
    testing::VirtualTime time_;
};

void sleep_by_poll(int ms) { ::poll(nullptr, 0, ms); }
void sleep_by_select(int ms) {
    timeval limit{.tv_sec = 0, .tv_usec = ms * 1000};
    ::select(0, nullptr, nullptr, nullptr, &limit);
}
void sleep_by_nanosleep(int ms) {
    const timespec length{.tv_sec = 0, .tv_nsec = ms * 1'000'000};
    ::nanosleep(&length, nullptr);
}
void sleep_by_c11(int ms) {
    const timespec length{.tv_sec = 0, .tv_nsec = ms * 1'000'000};
    ::thrd_sleep(&length, nullptr);
}
void sleep_by_epoll(int ms) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    ::epoll_wait(epoll, &event, 1, ms);
    ::close(epoll);
}
void sleep_by_socket(int ms) {
    const Ends ends;
    const timeval limit{.tv_sec = 0, .tv_usec = ms * 1000};
    ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte = 0;
    ::recv(ends[0], &byte, 1, 0);
}

// CONFORMANCE 297
TEST_F(Linked, EveryKindOfSleepOverlapsWithTheOthers) {
    const std::vector<std::function<void(int)>> kinds{
        [](int ms) { ::usleep(static_cast<useconds_t>(ms) * 1000); },
        [](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); },
        &sleep_by_nanosleep,
        &sleep_by_poll,
        &sleep_by_select,
        &sleep_by_c11,
        &sleep_by_epoll,
        &sleep_by_socket};
    const TimePoint begun = now();
    std::vector<Fiber<>> fibers;
    for (const auto& kind : kinds) {
        for (int i = 1; i <= 10; ++i) {
            fibers.push_back(spawn(kind, i * 50));
        }
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(now() - begun, 500ms);
}

/// A pipe, of which the writing end is filled or the reading end is empty, and a fiber that changes that.
void wait_for_a_pipe(bool by_writing) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    std::vector<char> text(4096);
    while (by_writing && ::write(ends[1], text.data(), text.size()) > 0) {
    }
    ::fcntl(ends[0], F_SETFL, 0);
    ::fcntl(ends[1], F_SETFL, 0);
    auto other = spawn([&] {
        std::vector<char> mine(1 << 16);
        EXPECT_GT(by_writing ? ::read(ends[0], mine.data(), mine.size()) : ::write(ends[1], "x", 1), 0);
    });
    EXPECT_GT(
        by_writing ? ::write(ends[1], text.data(), text.size()) : ::read(ends[0], text.data(), text.size()),
        0);
    other.get();
    ::close(ends[0]);
    ::close(ends[1]);
}

void wait_for_a_child() {
    pid_t child = -1;
    char name[] = "sleep";
    char length[] = "0.02";
    char* arguments[] = {name, length, nullptr};
    ASSERT_EQ(::posix_spawnp(&child, name, nullptr, nullptr, arguments, environ), 0);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

void look_a_name_up() {
    addrinfo* found = nullptr;
    EXPECT_EQ(::getaddrinfo("localhost", "80", nullptr, &found), 0);
    ::freeaddrinfo(found);
}

// CONFORMANCE 303
TEST(LinkedCalls, EachThatBlocksLetsOtherFibersRun) {
    const std::pair<const char*, std::function<void()>> calls[] = {
        {"nanosleep", [] { sleep_by_nanosleep(1); }}, {"usleep", [] { ::usleep(1000); }},
        {"select", [] { sleep_by_select(1); }},       {"poll", [] { sleep_by_poll(1); }},
        {"epoll_wait", [] { sleep_by_epoll(1); }},    {"waitpid", &wait_for_a_child},
        {"read", [] { wait_for_a_pipe(false); }},     {"write", [] { wait_for_a_pipe(true); }},
    };
    run([&] {
        for (const auto& [name, call] : calls) {
            EXPECT_TRUE(testing::lets_others_run(call)) << name;
        }
        // A thread's answer may be there before the fiber would wait for it.
        bool look_up_waits = false;
        for (int i = 0; i < 1000 && !look_up_waits; ++i) {
            look_up_waits = testing::lets_others_run(&look_a_name_up);
        }
        EXPECT_TRUE(look_up_waits) << "getaddrinfo";
    });
}

TEST_F(Linked, AHundredConversationsOverlapOnOneThread) {
    const TimePoint begun = now();
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 100; ++i) {
        fibers.push_back(spawn([] {
            Ends ends;
            const std::thread::id thread = std::this_thread::get_id();
            auto server = spawn([&] {
                char text[8];
                while (::read(ends[0], text, sizeof text) > 0) {
                    ::usleep(10'000);
                    EXPECT_EQ(::write(ends[0], text, 4), 4);
                }
            });
            for (int round = 0; round < 5; ++round) {
                char text[8];
                EXPECT_EQ(::send(ends[1], "ping", 4, 0), 4);
                EXPECT_EQ(::recv(ends[1], text, sizeof text, 0), 4);
            }
            EXPECT_EQ(std::this_thread::get_id(), thread);
            ::shutdown(ends[1], SHUT_WR);
        }));
    }
    for (auto& fiber : fibers) {
        fiber.get();
    }
    EXPECT_EQ(now() - begun, 50ms);
}

TEST_F(Linked, TheFortifiedAndTheUnderscoredNamesParkToo) {
    char text[8];
    const timespec limit{.tv_sec = 1, .tv_nsec = 0};
    const std::vector<std::function<ssize_t(int)>> calls{
        [&](int fd) { return __read_chk(fd, text, 1, sizeof text); },
        [&](int fd) { return __recv_chk(fd, text, 1, sizeof text, 0); },
        [&](int fd) { return __recvfrom_chk(fd, text, 1, sizeof text, 0, nullptr, nullptr); },
        [&](int fd) { return __read(fd, text, 1); },
        [](int fd) {
            pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
            return __poll_chk(&entry, 1, -1, sizeof entry);
        },
        [](int fd) {
            pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
            return __poll(&entry, 1, -1);
        },
        [&](int fd) {
            pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
            return __ppoll_chk(&entry, 1, &limit, nullptr, sizeof entry);
        },
    };
    for (const auto& call : calls) {
        const Ends ends;
        auto fiber = spawn([&] { return call(ends[0]); });
        wait_all_parked();
        EXPECT_FALSE(fiber.ready());
        ::write(ends[1], "x", 1);
        EXPECT_EQ(fiber.get(), 1);
    }
}

TEST_F(Linked, AFortifiedCallThatWouldOverflowEndsTheProgram) {
    char text[4];
    EXPECT_DEATH(__read_chk(0, text, 8, sizeof text), "overflow");
    pollfd entry{};
    EXPECT_DEATH(__poll_chk(&entry, 2, 0, sizeof entry), "overflow");
}

TEST_F(Linked, ClosingWakesWaitersUnderLibcsName) {
    Ends ends;
    auto reader = spawn([&] {
        char byte = 0;
        return ::read(ends[0], &byte, 1) == -1 ? errno : 0;
    });
    wait_all_parked();
    ends.close(0);
    EXPECT_EQ(reader.get(), EBADF);
}

TEST_F(Linked, StandardLibraryThreadsAreJoinedAndUntouched) {
    bool slept = false;
    std::thread thread([&] {
        std::this_thread::sleep_for(1ms);
        slept = true;
    });
    thread.join();
    EXPECT_TRUE(slept);
}

}  // namespace
}  // namespace weft::test
