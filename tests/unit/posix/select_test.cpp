// select, pselect, and the program's own epoll instances.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixSelect);

fd_set set_of(std::initializer_list<int> numbers) {
    fd_set set;
    FD_ZERO(&set);
    for (const int fd : numbers) {
        FD_SET(fd, &set);
    }
    return set;
}

// CONFORMANCE 202
TEST_P(PosixSelect, OnlyWhatIsReadyOfSeveralStays) {
    const FdPair first = socket_pair();
    const FdPair second = socket_pair();
    fd_set readable = set_of({first.one, second.one});
    auto selector = spawn([&] { return posix::select(FD_SETSIZE, &readable, nullptr, nullptr, nullptr); });
    wait_all_parked();
    EXPECT_FALSE(selector.ready());
    send_text(second.other, "x");
    EXPECT_EQ(selector.get(), 1);
    EXPECT_FALSE(FD_ISSET(first.one, &readable));
    EXPECT_TRUE(FD_ISSET(second.one, &readable));
}

TEST_P(PosixSelect, EachOfTheThreeSetsIsCounted) {
    const FdPair pair = tcp_fds();
    send_text(pair.other, "!", MSG_OOB);
    fd_set urgent = set_of({pair.one});
    EXPECT_EQ(posix::select(pair.one + 1, nullptr, nullptr, &urgent, nullptr), 1);
    send_text(pair.other, "x");
    fd_set readable = set_of({pair.one});
    fd_set writable = set_of({pair.one});
    urgent = set_of({pair.one, pair.other});
    EXPECT_EQ(posix::select(FD_SETSIZE, &readable, &writable, &urgent, nullptr), 3);
    EXPECT_FALSE(FD_ISSET(pair.other, &urgent));
}

TEST_P(PosixSelect, WhatIsLeftOfItsTimeIsWrittenBack) {
    if (!on_virtual_time()) {
        GTEST_SKIP() << "compares times";
    }
    const FdPair pair = socket_pair();
    fd_set readable = set_of({pair.one});
    timeval limit{.tv_sec = 1, .tv_usec = 500'000};
    auto sender = spawn([&] {
        sleep_for(1200ms);
        send_text(pair.other, "x");
    });
    EXPECT_EQ(posix::select(FD_SETSIZE, &readable, nullptr, nullptr, &limit), 1);
    EXPECT_EQ(limit.tv_sec, 0);
    EXPECT_EQ(limit.tv_usec, 300'000);
    received(pair.one);
    EXPECT_EQ(posix::select(FD_SETSIZE, &readable, nullptr, nullptr, &limit), 0);
    EXPECT_EQ(limit.tv_usec, 0);
    EXPECT_FALSE(FD_ISSET(pair.one, &readable));
    const timespec length{.tv_sec = 2, .tv_nsec = 0};
    const TimePoint begun = now();
    EXPECT_EQ(posix::pselect(0, nullptr, nullptr, nullptr, &length, nullptr), 0);
    EXPECT_EQ(now() - begun, 2s);
}

TEST_P(PosixSelect, ClosedMeanwhileItFailsWithEbadf) {
    FdPair pair = socket_pair();
    fd_set readable = set_of({pair.one});
    auto selector = spawn([&] {
        return said([&] { return posix::select(FD_SETSIZE, &readable, nullptr, nullptr, nullptr); });
    });
    wait_all_parked();
    pair.one.close();
    EXPECT_EQ(selector.get(), fails(EBADF));
}

TEST_P(PosixSelect, SetsThatAreLargerThanTheTypeAreWaitedForToo) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 3000) {
        GTEST_SKIP() << "needs 3000 descriptors";
    }
    const FdPair pair = socket_pair();
    const Fd high(posix::fcntl(pair.one, F_DUPFD_CLOEXEC, 2500));
    ASSERT_GE(high, 2500);
    std::vector<std::uint64_t> bits(64);
    bits[static_cast<std::size_t>(high) / 64] |= std::uint64_t{1} << high % 64;
    auto* set = reinterpret_cast<fd_set*>(bits.data());
    auto selector = spawn([&] { return posix::select(high + 1, set, nullptr, nullptr, nullptr); });
    wait_all_parked();
    EXPECT_FALSE(selector.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(selector.get(), 1);
    EXPECT_NE(bits[static_cast<std::size_t>(high) / 64], 0U);
}

TEST_P(PosixSelect, MoreThanThereCanBeIsNotLookedAt) {
    // In a process of its own: the kernel's table, by which it goes, never shrinks.
    EXPECT_CHILD_PASSES(in_child([] {
        const FdPair pair = socket_pair();
        fd_set readable = set_of({pair.one});
        send_text(pair.other, "x");
        CHECK_IN_CHILD(posix::select(INT_MAX, &readable, nullptr, nullptr, nullptr) == 1);
        return FD_ISSET(pair.one, &readable) != 0;
    }));
}

TEST_P(PosixSelect, BadArgumentsAreRefusedAsLibcDoes) {
    timeval negative{.tv_sec = -1, .tv_usec = 0};
    EXPECT_EQ(said([&] { return posix::select(0, nullptr, nullptr, nullptr, &negative); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::select(-1, nullptr, nullptr, nullptr, nullptr); }), fails(EINVAL));
}

// --- the program's own epoll ---

WEFT_HUB_SUITE(PosixEpoll);

Fd epoll_of(std::initializer_list<std::pair<int, std::uint32_t>> interests) {
    Fd epoll(posix::epoll_create1(EPOLL_CLOEXEC));
    for (const auto& [fd, events] : interests) {
        epoll_event event{.events = events, .data = {.fd = fd}};
        EXPECT_EQ(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    }
    return epoll;
}

// CONFORMANCE 207
TEST_P(PosixEpoll, AnInstanceOfTheProgramsIsWaitedForByAFiberAlone) {
    const FdPair pair = socket_pair();
    const Fd epoll = epoll_of({{pair.one, EPOLLIN}});
    epoll_event found{};
    auto waiter = spawn([&] { return posix::epoll_wait(epoll, &found, 1, -1); });
    wait_all_parked();
    EXPECT_FALSE(waiter.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(waiter.get(), 1);
    EXPECT_EQ(found.data.fd, int{pair.one});
    EXPECT_EQ(found.events, EPOLLIN);
}

TEST_P(PosixEpoll, EdgesAreToldOnceAndOneShotsAreArmedAnew) {
    const FdPair pair = socket_pair();
    const Fd epoll = epoll_of({{pair.one, EPOLLIN | EPOLLET | EPOLLONESHOT}});
    epoll_event found{};
    send_text(pair.other, "x");
    EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, -1), 1);
    send_text(pair.other, "x");
    EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, 5), 0);
    epoll_event again{.events = EPOLLIN | EPOLLET, .data = {.fd = 7}};
    ASSERT_EQ(::epoll_ctl(epoll, EPOLL_CTL_MOD, pair.one, &again), 0);
    EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, -1), 1);
    EXPECT_EQ(found.data.fd, 7);
    EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, 5), 0);  // unread, but no edge
    auto waiter = spawn([&] { return posix::epoll_wait(epoll, &found, 1, -1); });
    wait_all_parked();
    EXPECT_FALSE(waiter.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(waiter.get(), 1);
}

TEST_P(PosixEpoll, WhatIsAddedWhileAFiberWaitsIsSeen) {
    const FdPair pair = socket_pair();
    const Fd epoll = epoll_of({});
    epoll_event found{};
    auto waiter = spawn([&] { return posix::epoll_pwait(epoll, &found, 1, -1, nullptr); });
    wait_all_parked();
    epoll_event event{.events = EPOLLOUT, .data = {.u32 = 5}};
    ASSERT_EQ(::epoll_ctl(epoll, EPOLL_CTL_ADD, pair.one, &event), 0);
    EXPECT_EQ(waiter.get(), 1);
    EXPECT_EQ(found.data.u32, 5U);
}

TEST_P(PosixEpoll, ItsTimeIsKeptAndNoneLetsOthersRun) {
    const FdPair pair = socket_pair();
    const Fd epoll = epoll_of({{pair.one, EPOLLIN}});
    epoll_event found{};
    EXPECT_TRUE(testing::lets_others_run([&] { EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, 0), 0); }));
    const TimePoint begun = now();
    const timespec limit{.tv_sec = 0, .tv_nsec = 1'500'000};
    EXPECT_EQ(posix::epoll_pwait2(epoll, &found, 1, &limit, nullptr), 0);
    EXPECT_EQ(posix::epoll_wait(epoll, &found, 1, 2), 0);
    if (on_virtual_time()) {
        EXPECT_EQ(now() - begun, 3500us);
    }
}

TEST_P(PosixEpoll, ClosedMeanwhileTheWaitFailsWithEbadf) {
    const FdPair pair = socket_pair();
    Fd epoll = epoll_of({{pair.one, EPOLLIN}});
    epoll_event found{};
    auto waiter = spawn([&] { return said([&] { return posix::epoll_wait(epoll, &found, 1, -1); }); });
    wait_all_parked();
    epoll.close();
    EXPECT_EQ(waiter.get(), fails(EBADF));
}

TEST_P(PosixEpoll, BadArgumentsAreRefusedAsLibcDoes) {
    const Fd epoll = epoll_of({});
    epoll_event found{};
    EXPECT_EQ(said([&] { return posix::epoll_wait(epoll, &found, 0, -1); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::epoll_wait(-1, &found, 1, -1); }), fails(EBADF));
    EXPECT_EQ(said([&] { return posix::epoll_wait(0, &found, 1, -1); }), fails(EINVAL));
}

TEST_P(PosixEpoll, TwoFibersMayWaitForOneInstance) {
    const FdPair pair = socket_pair();
    const Fd epoll = epoll_of({{pair.one, EPOLLIN | EPOLLET}});
    int woken = 0;
    const auto wait = [&] {
        epoll_event found{};
        woken += posix::epoll_wait(epoll, &found, 1, -1);
    };
    auto first = spawn(wait);
    auto second = spawn(wait);
    wait_all_parked();
    send_text(pair.other, "x");
    wait_all_parked();
    EXPECT_EQ(woken, 1);
    send_text(pair.other, "x");
    first.join();
    second.join();
    EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace weft::test
