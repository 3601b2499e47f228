// Deadlines, cancellations and kills, as calls without exceptions say them.
#include <gtest/gtest.h>

#include <sys/file.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"
#include "support/held_child.hpp"
#include "support/hub_fixture.hpp"
#include "support/narrow_listener.hpp"
#include "support/waited_for.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

/// Each kind of call that waits, on things that never become ready.
class Calls {
public:
    Calls() {
        fill(sockets_.one);
        fill(packets_.one);
        const std::string much(65536, 'x');
        posix::write(pipe_.other, much.data(), much.size());
        message_.msg_iov = &part_;
        message_.msg_iovlen = 1;
        EXPECT_EQ(posix::connect(connected_, narrow_.name(), narrow_.length), 0);
        EXPECT_EQ(posix::flock(locked_.get(), LOCK_EX), 0);
        ::sem_init(&semaphore_, 0, 0);
    }
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;
    ~Calls() { ::sem_destroy(&semaphore_); }

    std::vector<std::pair<const char*, std::function<long long()>>> all() {
        return {
            {"recv", [this] { return posix::recv(sockets_.one, &byte_, 1, 0); }},
            {"recv all", [this] { return posix::recv(sockets_.one, &byte_, 1, MSG_WAITALL); }},
            {"read", [this] { return posix::read(empty_.one, &byte_, 1); }},
            {"readv", [this] { return posix::readv(empty_.one, &part_, 1); }},
            {"recvmsg", [this] { return posix::recvmsg(sockets_.one, &message_, 0); }},
            {"write", [this] { return posix::write(pipe_.other, &byte_, 1); }},
            {"send", [this] { return posix::send(sockets_.one, &byte_, 1, 0); }},
            {"send a packet", [this] { return posix::send(packets_.one, &byte_, 1, 0); }},
            {"sendmsg", [this] { return posix::sendmsg(sockets_.one, &message_, 0); }},
            {"sendfile", [this] { return posix::sendfile(sockets_.one, program_.get(), nullptr, 1); }},
            {"splice", [this] { return posix::splice(empty_.one, nullptr, drain_.other, nullptr, 1, 0); }},
            {"connect", [this] { return posix::connect(client_, narrow_.name(), narrow_.length); }},
            {"accept", [this] { return posix::accept(listener_, nullptr, nullptr); }},
            {"poll", [this] { return poll(POLLIN); }},
            {"poll for urgent data", [this] { return poll(POLLPRI); }},
            {"poll without descriptors", [] { return posix::poll(nullptr, 0, -1); }},
            {"ppoll", [] { return posix::ppoll(nullptr, 0, nullptr, nullptr); }},
            {"select", [this] { return select(); }},
            {"pselect", [] { return posix::pselect(0, nullptr, nullptr, nullptr, nullptr, nullptr); }},
            {"epoll_wait", [this] { return posix::epoll_wait(epoll_, &event_, 1, -1); }},
            {"epoll_pwait", [this] { return posix::epoll_pwait(epoll_, &event_, 1, -1, signals_.set()); }},
            {"usleep", [] { return posix::usleep(1'000'000); }},
            {"nanosleep", [] { return sleep_long(); }},
            {"clock_nanosleep", [] { return sleep_long_by_clock(); }},
            {"waitpid", [this] { return posix::waitpid(child_.pid(), nullptr, 0); }},
            {"flock", [this] { return posix::flock(again_.get(), LOCK_EX); }},
            {"sem_wait", [this] { return posix::sem_wait(&semaphore_); }},
            {"mq_receive", [this] { return posix::mq_receive(queue_, text_, sizeof text_, nullptr); }},
            {"sigwait", [this] { return wait_for_signal(); }},
        };
    }

private:
    int poll(short events) {
        pollfd entry{.fd = sockets_.one, .events = events, .revents = 0};
        return posix::poll(&entry, 1, -1);
    }
    int select() {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(sockets_.one, &set);
        return posix::select(FD_SETSIZE, &set, nullptr, nullptr, nullptr);
    }
    static int sleep_long() {
        const timespec length{.tv_sec = 3600, .tv_nsec = 0};
        return posix::nanosleep(&length, nullptr);
    }
    static int sleep_long_by_clock() {
        const timespec length{.tv_sec = 3600, .tv_nsec = 0};
        return as_errno(posix::clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr));
    }
    int wait_for_signal() const {
        int signal = 0;
        return as_errno(posix::sigwait(signals_.set(), &signal));
    }
    /// For calls that return their error.
    static int as_errno(int error) {
        errno = error;
        return error == 0 ? 0 : -1;
    }

    HeldChild child_;  // before all else, which it would share
    Blocked signals_{SIGUSR1};
    FdPair sockets_ = socket_pair();
    FdPair packets_ = socket_pair(SOCK_DGRAM);
    FdPair pipe_ = pipe_pair();
    FdPair empty_ = pipe_pair();
    FdPair drain_ = pipe_pair();
    UniqueFd program_{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    UniqueFd locked_ = new_file();
    UniqueFd again_ = opened_again(locked_);
    NarrowListener narrow_{SOCK_STREAM};
    Fd connected_{posix::socket(AF_UNIX, SOCK_STREAM, 0)};
    Fd client_{posix::socket(AF_UNIX, SOCK_STREAM, 0)};
    Queue queue_;
    sem_t semaphore_{};
    iovec part_{&byte_, 1};
    msghdr message_{};
    char text_[8] = {};
    Fd listener_ = tcp_listener();
    Fd epoll_{posix::epoll_create1(EPOLL_CLOEXEC)};
    epoll_event event_{};
    char byte_ = 0;
};

WEFT_HUB_SUITE(PosixInterruption);

TEST_P(PosixInterruption, TheDeadlineOfAScopeGivesEtimedoutNowAndInEveryLaterCall) {
    Calls calls;
    for (const auto& [name, call] : calls.all()) {
        SCOPED_TRACE(name);
        EXPECT_FALSE(move_on_after(2ms, [&, call = call] {
            EXPECT_EQ(said(call), fails(ETIMEDOUT));
            EXPECT_EQ(said(call), fails(ETIMEDOUT));
            for (const auto& [later, other] : calls.all()) {
                EXPECT_EQ(said(other), fails(ETIMEDOUT)) << later;
            }
            sleep_for(1h);  // throws what they could not
            ADD_FAILURE() << "not thrown";
        }));
    }
}

TEST_P(PosixInterruption, ACancelledFiberGetsEcanceledNowAndInEveryLaterCall) {
    Calls calls;
    for (const auto& [name, call] : calls.all()) {
        SCOPED_TRACE(name);
        auto fiber = spawn([&, call = call] {
            EXPECT_EQ(said(call), fails(ECANCELED));
            for (const auto& [later, other] : calls.all()) {
                EXPECT_EQ(said(other), fails(ECANCELED)) << later;
            }
            sleep_for(1h);
        });
        wait_all_parked();
        fiber.cancel();
        EXPECT_THROW(fiber.get(), Cancelled);
    }
}

TEST_P(PosixInterruption, AKilledFiberGetsEcanceledUntilAWaitOfWeftsThrowsIt) {
    Calls calls;
    for (const auto& [name, call] : calls.all()) {
        SCOPED_TRACE(name);
        auto fiber = spawn([&, call = call] {
            EXPECT_EQ(said(call), fails(ECANCELED));
            for (const auto& [later, other] : calls.all()) {
                EXPECT_EQ(said(other), fails(ECANCELED)) << later;
            }
            EXPECT_THROW(sleep_for(1h), std::runtime_error);
            EXPECT_EQ(posix::usleep(1), 0);  // once
        });
        wait_all_parked();
        fiber.kill(std::make_exception_ptr(std::runtime_error("killed")));
        EXPECT_NO_THROW(fiber.get());
    }
}

TEST_P(PosixInterruption, OneThatTriesForEverLetsOthersRun) {
    Calls calls;
    bool stop = false;
    auto stubborn = spawn([&] {
        while (!stop) {
            EXPECT_EQ(said(calls.all()[0].second), fails(ECANCELED));
        }
    });
    wait_all_parked();
    stubborn.cancel();
    yield();
    yield();
    stop = true;
    EXPECT_NO_THROW(stubborn.get());
}

TEST_P(PosixInterruption, WhatDoesNotWaitGoesOn) {
    const FdPair pair = socket_pair();
    EXPECT_FALSE(move_on_after(1ms, [&] {
        EXPECT_EQ(received(pair.one), std::strerror(ETIMEDOUT));
        EXPECT_EQ(send_text(pair.other, "x", MSG_DONTWAIT), gives(1));
        EXPECT_EQ(received(pair.one, 1, MSG_DONTWAIT), "x");
        const Fd fresh(posix::dup(pair.one));
        EXPECT_GE(fresh, 0);
        sleep_for(1h);
    }));
}

TEST_P(PosixInterruption, WhatHasComeBeforeItIsNotLost) {
    const FdPair pair = socket_pair();
    send_text(pair.other, "abc");
    EXPECT_FALSE(move_on_after(2ms, [&] {
        EXPECT_EQ(received(pair.one, 9, MSG_WAITALL), "abc");
        EXPECT_EQ(received(pair.one, 9, MSG_WAITALL), std::strerror(ETIMEDOUT));
        sleep_for(1h);
    }));
}

TEST_P(PosixInterruption, ACancelledSleepSaysWhatIsLeftOfIt) {
    if (!on_virtual_time()) {
        GTEST_SKIP() << "compares times";
    }
    timespec left{};
    unsigned seconds = 0;
    EXPECT_FALSE(move_on_after(2s, [&] {
        const timespec length{.tv_sec = 5, .tv_nsec = 0};
        EXPECT_EQ(said([&] { return posix::nanosleep(&length, &left); }), fails(ETIMEDOUT));
        seconds = posix::sleep(7);
        sleep_for(1h);
    }));
    EXPECT_EQ(left.tv_sec, 3);
    EXPECT_EQ(seconds, 7U);
}

TEST_P(PosixInterruption, InAShieldTheyWaitOn) {
    const FdPair pair = socket_pair();
    auto fiber = spawn([&] {
        const Shield shield;
        return received(pair.one);
    });
    wait_all_parked();
    fiber.cancel();
    wait_all_parked();
    EXPECT_FALSE(fiber.ready());
    send_text(pair.other, "x");
    EXPECT_EQ(fiber.get(), "x");
}

}  // namespace
}  // namespace weft::test
