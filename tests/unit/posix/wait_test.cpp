// wait and its relatives: children that end, stop and go on while other fibers run.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include <weft/core/run.hpp>
#include <weft/posix/descriptor.hpp>
#include <weft/posix/process.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/held_child.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixWait);

/// What a wait has yielded.
struct Waited {
    pid_t child;
    int status;
    int error;
    friend bool operator==(const Waited&, const Waited&) = default;
    friend void PrintTo(const Waited& waited, std::ostream* out) {
        *out << waited.child << ", status " << waited.status << ", errno " << waited.error;
    }
};

Waited wait_for(pid_t child, int options = 0) {
    int status = -1;
    errno = 0;
    const pid_t found = posix::waitpid(child, &status, options);
    return {found, status, found < 0 ? errno : 0};
}

Waited exited(const HeldChild& child, int code) { return {child.pid(), W_EXITCODE(code, 0), 0}; }
constexpr Waited no_child{-1, -1, ECHILD};

/// A signal's action for the length of a test.
class Action {
public:
    Action(int signal, void (*handler)(int), int flags = 0) : signal_(signal) {
        struct sigaction action {};
        action.sa_handler = handler;
        action.sa_flags = flags;
        ::sigaction(signal, &action, &before_);
    }
    Action(const Action&) = delete;
    Action& operator=(const Action&) = delete;
    ~Action() { ::sigaction(signal_, &before_, nullptr); }

private:
    int signal_;
    struct sigaction before_ {};
};

std::atomic<int> handled{0};
void count_signal(int) { handled.fetch_add(1); }

// CONFORMANCE 225
TEST_P(PosixWait, ForOneProcessLetsOthersRun) {
    const HeldChild child;
    const HeldChild other;
    auto waiter = spawn([&] { return wait_for(child.pid()); });
    wait_all_parked();
    other.end(1);
    EXPECT_EQ(wait_for(other.pid()), exited(other, 1));
    EXPECT_FALSE(waiter.ready());
    EXPECT_EQ(wait_for(child.pid(), WNOHANG), (Waited{0, -1, 0}));
    child.end(7);
    EXPECT_EQ(waiter.get(), exited(child, 7));
    EXPECT_EQ(wait_for(child.pid()), no_child);
    EXPECT_EQ(wait_for(-1), no_child);
    EXPECT_EQ(wait_for(1), no_child);
}

TEST_P(PosixWait, ForAnyChildSeesTheFirstThatEndsAlsoIfItIsMadeMeanwhile) {
    const HeldChild old;
    auto waiter = spawn([&] { return wait_for(-1); });
    wait_all_parked();
    const HeldChild young;
    young.end(3);
    EXPECT_EQ(waiter.get(), exited(young, 3));
    old.end(4);
    int status = 0;
    EXPECT_EQ(posix::wait(&status), old.pid());
    EXPECT_EQ(status, W_EXITCODE(4, 0));
}

TEST_P(PosixWait, ForAGroupDoesNotSeeOthers) {
    const HeldChild apart(true);
    const HeldChild same;
    auto of_group = spawn([&] { return wait_for(-apart.pid()); });
    auto of_own = spawn([&] { return wait_for(0); });
    wait_all_parked();
    same.end(1);
    EXPECT_EQ(of_own.get(), exited(same, 1));
    EXPECT_FALSE(of_group.ready());
    apart.end(2);
    EXPECT_EQ(of_group.get(), exited(apart, 2));
}

TEST_P(PosixWait, OfTwoForOneProcessOneHasItsStatus) {
    const HeldChild child;
    auto first = spawn([&] { return wait_for(child.pid()); });
    auto second = spawn([&] { return wait_for(child.pid()); });
    auto any = spawn([&] { return wait_for(-1); });
    wait_all_parked();
    child.end(5);
    int found = 0;
    for (Fiber<Waited>* fiber : {&first, &second, &any}) {
        const Waited waited = fiber->get();
        found += waited == exited(child, 5) ? 1 : 0;
        EXPECT_TRUE(waited == exited(child, 5) || waited == no_child);
    }
    EXPECT_EQ(found, 1);
}

TEST_P(PosixWait, SeesStopsAndContinuations) {
    const HeldChild child;
    auto stop = spawn([&] { return wait_for(child.pid(), WUNTRACED); });
    auto end = spawn([&] { return wait_for(child.pid()); });
    wait_all_parked();
    ::kill(child.pid(), SIGSTOP);
    EXPECT_TRUE(WIFSTOPPED(stop.get().status));
    auto go_on = spawn([&] { return wait_for(-1, WCONTINUED); });
    wait_all_parked();
    ::kill(child.pid(), SIGCONT);
    EXPECT_TRUE(WIFCONTINUED(go_on.get().status));
    EXPECT_FALSE(end.ready());
    child.end(6);
    EXPECT_EQ(end.get(), exited(child, 6));
}

TEST_P(PosixWait, ByWaitidLeavesTheChildWhereItIsToldTo) {
    const HeldChild child;
    const UniqueFd process(posix::pidfd_open(child.pid(), 0));
    const auto look = [](idtype_t what, id_t id, int options) {
        siginfo_t info{};
        EXPECT_EQ(posix::waitid(what, id, &info, options), 0);
        return std::pair(info.si_pid, info.si_status);
    };
    auto by_number = spawn([&] { return look(P_PID, static_cast<id_t>(child.pid()), WEXITED | WNOWAIT); });
    auto by_descriptor =
        spawn([&] { return look(P_PIDFD, static_cast<id_t>(process.get()), WEXITED | WNOWAIT); });
    auto any = spawn([&] { return look(P_ALL, 0, WEXITED | WNOWAIT); });
    wait_all_parked();
    child.end(9);
    const std::pair expected(child.pid(), 9);
    EXPECT_EQ(by_number.get(), expected);
    EXPECT_EQ(by_descriptor.get(), expected);
    EXPECT_EQ(any.get(), expected);
    EXPECT_EQ(posix::waitid(P_PID, static_cast<id_t>(child.pid()), nullptr, WEXITED), 0);
    EXPECT_EQ(posix::waitid(P_ALL, 0, nullptr, WEXITED), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(posix::waitid(P_ALL, 0, nullptr, 0), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_P(PosixWait, SaysWhatTheChildHasUsed) {
    const HeldChild child;
    child.end(0);
    rusage usage{};
    EXPECT_EQ(posix::wait4(child.pid(), nullptr, 0, &usage), child.pid());
    EXPECT_GT(usage.ru_maxrss, 0);
    EXPECT_EQ(posix::wait3(nullptr, 0, &usage), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_P(PosixWait, EndsWithItsFiberAndLeavesTheChild) {
    const HeldChild child;
    int error = 0;
    move_on_after(1ms, [&] { error = wait_for(child.pid()).error; });
    EXPECT_EQ(error, ETIMEDOUT);
    for (const pid_t which : {child.pid(), -1}) {
        auto waiter = spawn([&] { error = wait_for(which).error; });
        wait_all_parked();
        waiter.cancel();
        waiter.join();
        EXPECT_EQ(error, ECANCELED);
    }
    auto again = spawn([&] { return wait_for(-1); });
    wait_all_parked();
    child.end(2);
    EXPECT_EQ(again.get(), exited(child, 2));
}

// CONFORMANCE 238
TEST_P(PosixWait, TheProgramsOwnActionForChildrenKeepsItsMeaning) {
    {
        const Action ignored(SIGCHLD, SIG_IGN);
        const HeldChild first;
        const HeldChild second;
        auto waiter = spawn([&] { return wait_for(first.pid()); });
        auto any = spawn([&] { return wait_for(-1); });
        wait_all_parked();
        first.end(0);
        EXPECT_EQ(waiter.get(), no_child);
        wait_all_parked();
        EXPECT_FALSE(any.ready());
        second.end(0);
        EXPECT_EQ(any.get(), no_child);
    }
    const Action counted(SIGCHLD, count_signal);
    const int before = handled.load();
    const HeldChild child;
    child.end(1);
    EXPECT_EQ(wait_for(-1), exited(child, 1));
    EXPECT_EQ(handled.load(), before + 1);
}

TEST_P(PosixWait, NoSignalEndsIt) {
    const Action counted(SIGUSR1, count_signal);
    const HeldChild child;
    auto one = spawn([&] { return wait_for(child.pid()); });
    auto any = spawn([&] { return wait_for(-1, WNOWAIT | WUNTRACED).error; });
    wait_all_parked();
    const int before = handled.load();
    ::raise(SIGUSR1);
    wait_all_parked();
    EXPECT_EQ(handled.load(), before + 1);
    EXPECT_FALSE(one.ready());
    child.end(1);
    EXPECT_EQ(one.get(), exited(child, 1));
}

// CONFORMANCE 231
TEST_P(PosixWait, AskingAgainAndAgainEndsWithTheChild) {
    const HeldChild child;
    EXPECT_EQ(wait_for(child.pid(), WNOHANG), (Waited{0, -1, 0}));
    child.end(8);
    Waited waited = wait_for(child.pid(), WNOHANG);
    while (waited.child == 0) {
        waited = wait_for(child.pid(), WNOHANG);
    }
    EXPECT_EQ(waited, exited(child, 8));
}

// CONFORMANCE 227
TEST(PosixWaitThreads, AnyThreadMayStartAndCollectChildren) {
    Waited in_fiber{};
    Waited plain{};
    std::optional<HeldChild> first;
    std::optional<HeldChild> second;
    std::thread([&] {
        first.emplace();
        second.emplace();
        second->end(2);
        plain = wait_for(second->pid());
        EXPECT_EQ(impl::Hub::current(), nullptr);
        in_fiber = run([&] {
            auto waiter = spawn([&] { return wait_for(first->pid()); });
            wait_all_parked();
            first->end(1);
            return waiter.get();
        });
    }).join();
    EXPECT_EQ(in_fiber, exited(*first, 1));
    EXPECT_EQ(plain, exited(*second, 2));
}

}  // namespace
}  // namespace weft::test
