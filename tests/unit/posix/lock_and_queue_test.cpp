// Locks of files, message queues and signals: what has no descriptor that a poller could be told of, or one of an odd kind.
#include <gtest/gtest.h>

#include <sys/file.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>

#include <weft/core/run.hpp>
#include <weft/posix/posix.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "posix/signal_wait.hpp"
#include "support/held_child.hpp"
#include "support/hub_fixture.hpp"
#include "support/waited_for.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixFileLock);
WEFT_HUB_SUITE(PosixQueue);
WEFT_HUB_SUITE(PosixSignal);

TEST_P(PosixFileLock, OfAWholeFileIsWaitedForWhileOthersRun) {
    const UniqueFd file = new_file();
    const UniqueFd again = opened_again(file);
    EXPECT_EQ(posix::flock(file.get(), LOCK_EX), 0);
    EXPECT_EQ(posix::flock(again.get(), LOCK_SH | LOCK_NB), -1);
    EXPECT_EQ(errno, EWOULDBLOCK);
    auto waiter = spawn([&] { return posix::flock(again.get(), LOCK_EX); });
    sleep_for(5ms);
    EXPECT_FALSE(waiter.ready());
    EXPECT_EQ(posix::flock(file.get(), LOCK_UN), 0);
    EXPECT_EQ(waiter.get(), 0);
    EXPECT_EQ(posix::flock(-1, LOCK_EX), -1);
    EXPECT_EQ(errno, EBADF);
}

TEST_P(PosixFileLock, IsNotTakenByAFiberThatIsInterrupted) {
    const UniqueFd file = new_file();
    const UniqueFd again = opened_again(file);
    EXPECT_EQ(posix::flock(file.get(), LOCK_EX), 0);
    int error = 0;
    move_on_after(3ms, [&] { error = posix::flock(again.get(), LOCK_EX) < 0 ? errno : 0; });
    EXPECT_EQ(error, ETIMEDOUT);
    EXPECT_EQ(posix::flock(file.get(), LOCK_UN), 0);
    EXPECT_EQ(posix::flock(file.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_P(PosixFileLock, OfAPartThatAnotherProcessHasIsWaitedFor) {
    const UniqueFd file = new_file();
    HoldPipe held;
    HoldPipe end;
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(child_seconds);
        char byte = ::lockf(file.get(), F_LOCK, 10) == 0 ? 'y' : 'n';
        static_cast<void>(!::write(held.write.get(), &byte, 1));
        static_cast<void>(!::read(end.read.get(), &byte, 1));
        ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(posix::read(held.read.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    EXPECT_EQ(posix::lockf(file.get(), F_TLOCK, 10), -1);
    EXPECT_TRUE(errno == EAGAIN || errno == EACCES);
    auto waiter = spawn([&] { return posix::lockf(file.get(), F_LOCK, 10); });
    sleep_for(5ms);
    EXPECT_FALSE(waiter.ready());
    EXPECT_EQ(::write(end.write.get(), "e", 1), 1);
    EXPECT_EQ(waiter.get(), 0);
    EXPECT_EQ(posix::waitpid(child, nullptr, 0), child);
}

timespec in(std::chrono::milliseconds time) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto then = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec) + time;
    return {.tv_sec = then / 1s, .tv_nsec = static_cast<long>(then % 1s / 1ns)};
}

TEST_P(PosixQueue, IsWaitedForInBothDirections) {
    const Queue queue;
    ASSERT_GE(queue, 0);
    char got[8] = {};
    unsigned priority = 0;
    auto receiver = spawn([&] { return posix::mq_receive(queue, got, sizeof got, &priority); });
    wait_all_parked();
    EXPECT_FALSE(receiver.ready());
    EXPECT_EQ(posix::mq_send(queue, "one", 4, 3), 0);
    EXPECT_EQ(receiver.get(), 4);
    EXPECT_STREQ(got, "one");
    EXPECT_EQ(priority, 3U);
    EXPECT_EQ(posix::mq_send(queue, "two", 4, 0), 0);
    EXPECT_EQ(posix::mq_send(queue, "three", 6, 0), 0);
    auto sender = spawn([&] { return posix::mq_send(queue, "four", 5, 0); });
    wait_all_parked();
    EXPECT_FALSE(sender.ready());
    EXPECT_EQ(posix::mq_receive(queue, got, sizeof got, nullptr), 4);
    EXPECT_EQ(sender.get(), 0);
}

TEST_P(PosixQueue, LimitsAndErrorsAreLibcs) {
    const Queue queue;
    char got[8] = {};
    timespec limit = in(2ms);
    EXPECT_EQ(posix::mq_timedreceive(queue, got, sizeof got, nullptr, &limit), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    limit = {.tv_sec = 0, .tv_nsec = -1};
    EXPECT_EQ(posix::mq_timedreceive(queue, got, sizeof got, nullptr, &limit), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(posix::mq_receive(queue, got, 1, nullptr), -1);
    EXPECT_EQ(errno, EMSGSIZE);
    EXPECT_EQ(posix::mq_send(-1, got, 1, 0), -1);
    EXPECT_EQ(errno, EBADF);
    const Queue nonblocking(O_NONBLOCK);
    EXPECT_EQ(posix::mq_receive(nonblocking, got, sizeof got, nullptr), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST_P(PosixQueue, ClosingItWakesWhoWaitsForIt) {
    Queue queue;
    int error = 0;
    auto receiver = spawn([&] {
        char got[8];
        error = posix::mq_receive(queue, got, sizeof got, nullptr) < 0 ? errno : 0;
    });
    wait_all_parked();
    queue.close();
    receiver.join();
    EXPECT_EQ(error, EBADF);
}

TEST_P(PosixSignal, IsWaitedForWhileOthersRun) {
    const Blocked blocked{SIGUSR1, SIGUSR2};
    int signal = 0;
    auto waiter = spawn([&] { return posix::sigwait(blocked.set(), &signal); });
    wait_all_parked();
    EXPECT_FALSE(waiter.ready());
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_EQ(waiter.get(), 0);
    EXPECT_EQ(signal, SIGUSR2);
    siginfo_t info{};
    auto informed = spawn([&] { return posix::sigwaitinfo(blocked.set(), &info); });
    wait_all_parked();
    ::pthread_sigqueue(::pthread_self(), SIGUSR1, sigval{.sival_int = 17});
    EXPECT_EQ(informed.get(), SIGUSR1);
    EXPECT_EQ(info.si_value.sival_int, 17);
}

TEST_P(PosixSignal, OneIsTakenByOneFiber) {
    const Blocked blocked{SIGUSR1};
    auto first = spawn([&] { return posix::sigwaitinfo(blocked.set(), nullptr); });
    auto second = spawn([&] { return posix::sigwaitinfo(blocked.set(), nullptr); });
    wait_all_parked();
    ::raise(SIGUSR1);
    wait_all_parked();
    EXPECT_NE(first.ready(), second.ready());
    ::raise(SIGUSR1);
    EXPECT_EQ(first.get(), SIGUSR1);
    EXPECT_EQ(second.get(), SIGUSR1);
}

TEST_P(PosixSignal, LimitsAndErrorsAreLibcs) {
    const Blocked blocked{SIGUSR1};
    timespec limit{.tv_sec = 0, .tv_nsec = 2'000'000};
    EXPECT_EQ(posix::sigtimedwait(blocked.set(), nullptr, &limit), -1);
    EXPECT_EQ(errno, EAGAIN);
    limit = {};
    EXPECT_EQ(posix::sigtimedwait(blocked.set(), nullptr, &limit), -1);
    EXPECT_EQ(errno, EAGAIN);
    limit = {.tv_sec = 0, .tv_nsec = -1};
    EXPECT_EQ(posix::sigtimedwait(blocked.set(), nullptr, &limit), -1);
    EXPECT_EQ(errno, EINVAL);
    int error = 0;
    int signal = 0;
    move_on_after(1ms, [&] { error = posix::sigwait(blocked.set(), &signal); });
    EXPECT_EQ(error, ETIMEDOUT);
}

std::atomic<int> handled{0};
/// As handlers are under the shim.
void count_signal(int) {
    handled.fetch_add(1);
    impl::handler_has_run(true);
}

TEST_P(PosixSignal, AHandlerEndsAPauseAndOnlyWhatTheMaskLetsThrough) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = count_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, &before);
    int error = 0;
    auto pausing = spawn([&] { error = posix::pause() < 0 ? errno : 0; });
    wait_all_parked();
    EXPECT_FALSE(pausing.ready());
    ::raise(SIGUSR1);
    pausing.join();
    EXPECT_EQ(error, EINTR);
    {
        const Blocked blocked{SIGUSR1};
        sigset_t none;
        sigemptyset(&none);
        auto suspended = spawn([&] { error = posix::sigsuspend(&none) < 0 ? errno : 0; });
        wait_all_parked();
        error = 0;
        const int count = handled.load();
        ::raise(SIGUSR1);
        EXPECT_EQ(handled.load(), count);
        suspended.join();
        EXPECT_EQ(handled.load(), count + 1);
        EXPECT_EQ(error, EINTR);
    }
    ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace weft::test
