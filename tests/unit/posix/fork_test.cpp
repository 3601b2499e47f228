// fork() through weft::posix, in the middle of fibers that wait.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixFork);

template <class Check>
ChildEnd in_fork(Check check) {
    const pid_t pid = posix::fork();
    if (pid == 0) {
        ::alarm(child_seconds);
        check_and_exit(check);
    }
    return await_child(pid);
}

bool calls_work() {
    const FdPair pair = tcp_fds();
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    CHECK_IN_CHILD(!reader.ready());
    CHECK_IN_CHILD(send_text(pair.other, "x") == gives(1));
    CHECK_IN_CHILD(reader.get() == "x");
    pollfd entry{.fd = pair.one, .events = POLLIN, .revents = 0};
    CHECK_IN_CHILD(posix::poll(&entry, 1, 1) == 0);
    return posix::usleep(1) == 0;
}

TEST_P(PosixFork, InTheMiddleOfWaitingFibersTheChildHasTheCallingOneAloneAndWorks) {
    const FdPair sockets = socket_pair();
    const FdPair pipe = pipe_pair();
    auto reader = spawn([&] { return received(sockets.one); });
    auto poller = spawn([&] {
        pollfd entries[] = {{.fd = pipe.one, .events = POLLIN, .revents = 0},
                            {.fd = sockets.one, .events = POLLPRI, .revents = 0}};
        return posix::poll(entries, 2, -1);
    });
    auto sleeper = spawn([&] { return posix::usleep(3'000'000); });
    wait_all_parked();
    auto forker = spawn([&] {
        return in_fork([&] {
            CHECK_IN_CHILD(send_text(sockets.other, "x") == gives(1));
            CHECK_IN_CHILD(received(sockets.one) == "x");  // nobody else there to take it
            return calls_work();
        });
    });
    EXPECT_CHILD_PASSES(forker.get());
    EXPECT_FALSE(reader.ready());
    EXPECT_FALSE(poller.ready());
    send_text(sockets.other, "y");
    EXPECT_EQ(reader.get(), "y");
    posix::write(pipe.other, "z", 1);
    EXPECT_EQ(poller.get(), 1);
    sleeper.cancel();
}

TEST_P(PosixFork, WhatTheChildClosesIsNothingToTheParentsWaiters) {
    const FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one); });
    wait_all_parked();
    EXPECT_CHILD_PASSES(in_fork([&] {
        CHECK_IN_CHILD(posix::close(pair.one) == 0);
        if (!on_virtual_time()) {  // whose hub has a descriptor like any other
            posix::closefrom(3);
        }
        return calls_work();
    }));
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

TEST_P(PosixFork, FromThenOnWhatWasOpenCountsAsShared) {
    const FdPair pair = socket_pair();
    EXPECT_CHILD_PASSES(in_fork([&] {
        // As if another process did it: the parent's library does not hear of it.
        return ::fcntl(pair.one, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
    }));
    EXPECT_EQ(received(pair.one), std::strerror(EAGAIN));
    const FdPair fresh = socket_pair();
    auto reader = spawn([&] { return received(fresh.one); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    send_text(fresh.other, "x");
    EXPECT_EQ(reader.get(), "x");
}

}  // namespace
}  // namespace weft::test
