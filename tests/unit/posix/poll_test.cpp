// poll and ppoll.
#include <gtest/gtest.h>

#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/fds.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixPoll);

pollfd entry(int fd, int events) {
    return {.fd = fd, .events = static_cast<short>(events), .revents = 0x7fff};
}

int poll(std::vector<pollfd>& entries, int timeout_ms = -1) {
    return posix::poll(entries.data(), entries.size(), timeout_ms);
}

std::vector<int> answers(const std::vector<pollfd>& entries) {
    std::vector<int> all;
    for (const pollfd& one : entries) {
        all.push_back(one.revents);
    }
    return all;
}

using Answers = std::vector<int>;

TEST_P(PosixPoll, WaitsForTheFirstOfManyAndSaysNothingOfTheOthers) {
    std::vector<FdPair> pairs;
    std::vector<pollfd> entries;
    for (int i = 0; i < 300; ++i) {
        pairs.push_back(socket_pair());
        entries.push_back(entry(pairs.back().one, POLLIN));
    }
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    EXPECT_FALSE(poller.ready());
    send_text(pairs[217].other, "x");
    EXPECT_EQ(poller.get(), 1);
    Answers expected(300, 0);
    expected[217] = POLLIN;
    EXPECT_EQ(answers(entries), expected);
}

TEST_P(PosixPoll, BothDirectionsDuplicatesAndNegativeOnesAreAnsweredExactly) {
    const FdPair one = socket_pair();
    const FdPair full = socket_pair();
    fill(full.one);
    std::vector<pollfd> entries{entry(one.one, POLLIN | POLLOUT), entry(-1, POLLIN), entry(one.one, POLLIN),
                                entry(full.one, POLLIN | POLLOUT), entry(full.one, POLLOUT)};
    EXPECT_EQ(poll(entries), 1);
    EXPECT_EQ(answers(entries), (Answers{POLLOUT, 0, 0, 0, 0}));
    send_text(one.other, "x");
    EXPECT_EQ(poll(entries), 2);
    EXPECT_EQ(answers(entries), (Answers{POLLIN | POLLOUT, 0, POLLIN, 0, 0}));
    entries.erase(entries.begin());
    entries.erase(entries.begin() + 1);
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    EXPECT_FALSE(poller.ready());
    while (received(full.other, 65536, MSG_DONTWAIT).size() > 1000) {
    }
    EXPECT_EQ(poller.get(), 2);
    EXPECT_EQ(answers(entries), (Answers{0, POLLOUT, POLLOUT}));
}

TEST_P(PosixPoll, TheSameDescriptorTwiceWakesOnce) {
    const FdPair pair = socket_pair();
    std::vector<pollfd> entries{entry(pair.one, POLLIN), entry(pair.one, POLLIN), entry(pair.one, POLLPRI)};
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    send_text(pair.other, "x");
    EXPECT_EQ(poller.get(), 2);
    EXPECT_EQ(answers(entries), (Answers{POLLIN, POLLIN, 0}));
}

// CONFORMANCE 203
TEST_P(PosixPoll, WithoutTimeTheOthersGetTheirTurn) {
    const FdPair pair = socket_pair();
    std::vector<pollfd> entries{entry(pair.one, POLLIN)};
    EXPECT_TRUE(testing::lets_others_run([&] { EXPECT_EQ(poll(entries, 0), 0); }));
    EXPECT_EQ(answers(entries), Answers{0});
    EXPECT_TRUE(testing::lets_others_run([&] {
        timeval none{};
        EXPECT_EQ(posix::select(0, nullptr, nullptr, nullptr, &none), 0);
    }));
}

TEST_P(PosixPoll, ItsTimeIsKept) {
    if (!on_virtual_time()) {
        GTEST_SKIP() << "compares times";
    }
    const FdPair pair = socket_pair();
    std::vector<pollfd> entries{entry(pair.one, POLLIN), entry(pair.one, POLLPRI)};
    const TimePoint begun = now();
    EXPECT_EQ(poll(entries, 250), 0);
    EXPECT_EQ(now() - begun, 250ms);
    EXPECT_EQ(posix::poll(nullptr, 0, 250), 0);
    EXPECT_EQ(now() - begun, 500ms);
    const timespec limit{.tv_sec = 1, .tv_nsec = 500'000'000};
    EXPECT_EQ(posix::ppoll(entries.data(), 2, &limit, nullptr), 0);
    EXPECT_EQ(now() - begun, 2s);
    EXPECT_EQ(limit.tv_sec, 1);
    auto forever = spawn([&] { return poll(entries); });
    sleep_for(24h * 400);
    EXPECT_FALSE(forever.ready());
}

TEST_P(PosixPoll, TheEndOfTheOtherSideIsTold) {
    FdPair pair = socket_pair();
    std::vector<pollfd> nothing{entry(pair.one, 0)};
    std::vector<pollfd> ending{entry(pair.one, POLLRDHUP)};
    std::vector<pollfd> reading{entry(pair.one, POLLIN)};
    auto waits_for_nothing = spawn([&] { return poll(nothing); });
    auto waits_for_end = spawn([&] { return poll(ending); });
    auto waits_for_data = spawn([&] { return poll(reading); });
    wait_all_parked();
    ::shutdown(pair.other, SHUT_WR);
    EXPECT_EQ(waits_for_end.get(), 1);
    EXPECT_EQ(waits_for_data.get(), 1);
    EXPECT_EQ(answers(ending), Answers{POLLRDHUP});
    EXPECT_EQ(answers(reading), Answers{POLLIN});
    wait_all_parked();
    EXPECT_FALSE(waits_for_nothing.ready());
    pair.other.close();
    EXPECT_EQ(waits_for_nothing.get(), 1);
    EXPECT_EQ(answers(nothing), Answers{POLLHUP});
}

TEST_P(PosixPoll, AWriterIsToldThatThereAreNoReaders) {
    FdPair pipe = pipe_pair(O_NONBLOCK);
    const std::string much(1 << 20, 'x');
    posix::write(pipe.other, much.data(), much.size());
    std::vector<pollfd> entries{entry(pipe.other, 0)};
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    pipe.one.close();
    EXPECT_EQ(poller.get(), 1);
    EXPECT_EQ(entries[0].revents, POLLERR);
}

TEST_P(PosixPoll, UrgentDataIsWaitedForAndOtherDataIsNot) {
    const FdPair pair = tcp_fds();
    std::vector<pollfd> entries{entry(pair.one, POLLPRI)};
    auto poller = spawn([&] { return poll(entries); });
    send_text(pair.other, "plain");
    sleep_for(1ms);
    EXPECT_FALSE(poller.ready());
    send_text(pair.other, "!", MSG_OOB);
    EXPECT_EQ(poller.get(), 1);
    EXPECT_EQ(answers(entries), Answers{POLLPRI});
}

// CONFORMANCE 204
TEST_P(PosixPoll, ADescriptorThatIsNotOpenIsAnsweredAtOnce) {
    const FdPair pair = socket_pair();
    const int number = [] { return int{socket_pair().other}; }();
    std::vector<pollfd> entries{entry(pair.one, POLLIN), entry(number, POLLIN), entry(INT_MAX, POLLIN)};
    EXPECT_EQ(poll(entries), 2);
    EXPECT_EQ(answers(entries), (Answers{0, POLLNVAL, POLLNVAL}));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(number, &set);
    EXPECT_EQ(said([&] { return posix::select(number + 1, &set, nullptr, nullptr, nullptr); }), fails(EBADF));
}

// CONFORMANCE 205
TEST_P(PosixPoll, ADescriptorThatIsClosedMeanwhileIsAnswered) {
    for (const int events : {POLLIN, POLLPRI, POLLIN | POLLPRI, 0}) {
        SCOPED_TRACE(events);
        FdPair pair = socket_pair();
        std::vector<pollfd> entries{entry(pair.other, POLLIN), entry(pair.one, events)};
        auto poller = spawn([&] { return poll(entries); });
        wait_all_parked();
        pair.one.close();
        EXPECT_EQ(poller.get(), 2);
        EXPECT_EQ(entries[1].revents, POLLNVAL);
    }
}

TEST_P(PosixPoll, ADescriptorThatIsClosedOnAnotherHubIsAnswered) {
    for (const int events : {POLLIN, POLLPRI}) {
        SCOPED_TRACE(events);
        const FdPair other = socket_pair();
        for (int i = 0; i < 20; ++i) {
            FdPair pair = socket_pair();
            std::vector<pollfd> entries{entry(other.one, POLLIN), entry(pair.one, events)};
            auto poller = spawn([&] { return poll(entries); });
            wait_all_parked();
            Host host;
            spawn(SpawnOptions{.hub = host.hub()}, [&] { pair.one.close(); }).join();
            EXPECT_EQ(poller.get(), 1);
            EXPECT_EQ(answers(entries), (Answers{0, POLLNVAL}));
        }
    }
}

TEST_P(PosixPoll, ANumberThatMeansSomethingElseByNowIsNotMistaken) {
    FdPair pair = socket_pair();
    std::vector<pollfd> entries{entry(pair.one, POLLIN)};
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    const FdPair next = socket_pair();
    EXPECT_EQ(posix::dup2(next.one, pair.one), int{pair.one});
    EXPECT_EQ(poller.get(), 1);
    EXPECT_EQ(answers(entries), Answers{POLLNVAL});
}

TEST_P(PosixPoll, ItSeesForTheReadersToo) {
    const FdPair pair = socket_pair();
    auto reader = spawn([&] { return received(pair.one); });
    std::vector<pollfd> entries{entry(pair.one, POLLIN)};
    auto poller = spawn([&] { return poll(entries); });
    wait_all_parked();
    send_text(pair.other, "abc");
    EXPECT_EQ(reader.get(), "abc");
    poller.cancel_and_join();
    entries[0].events = POLLIN;
    send_text(pair.other, "def");
    EXPECT_EQ(poll(entries), 1);
    EXPECT_EQ(received(pair.one), "def");
}

// --- masks ---

class Signals {
public:
    Signals() {
        caught() = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { ++caught(); };
        ::sigaction(SIGUSR2, &action, &before_);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        ::pthread_sigmask(SIG_BLOCK, &set, &mask_before);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals() {
        ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
        ::sigaction(SIGUSR2, &before_, nullptr);
    }
    static int& caught() {
        static int count = 0;
        return count;
    }
    sigset_t mask_before{};

private:
    struct sigaction before_ {};
};

TEST_P(PosixPoll, ASignalThatItsMaskLetsThroughEndsItWhetherItIsThereOrComes) {
    const Signals signals;
    const FdPair pair = socket_pair();
    std::vector<pollfd> entries{entry(pair.one, POLLIN)};
    const auto wait = [&] {
        return said([&] { return posix::ppoll(entries.data(), 1, nullptr, &signals.mask_before); });
    };
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_EQ(wait(), fails(EINTR));
    EXPECT_EQ(Signals::caught(), 1);
    auto poller = spawn(wait);
    wait_all_parked();
    EXPECT_FALSE(poller.ready());
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_EQ(poller.get(), fails(EINTR));
    EXPECT_EQ(Signals::caught(), 2);
}

TEST_P(PosixPoll, ASignalThatItsMaskHoldsBackStaysPending) {
    const Signals signals;
    sigset_t all;
    sigfillset(&all);
    const timespec none{};
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_EQ(posix::ppoll(nullptr, 0, &none, &all), 0);
    EXPECT_EQ(Signals::caught(), 0);
    EXPECT_EQ(said([&] { return posix::ppoll(nullptr, 0, nullptr, &signals.mask_before); }), fails(EINTR));
    EXPECT_EQ(Signals::caught(), 1);
}

TEST_P(PosixPoll, BadArgumentsAreRefusedAsLibcDoes) {
    const timespec odd{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    EXPECT_EQ(said([&] { return posix::ppoll(nullptr, 0, &odd, nullptr); }), fails(EINVAL));
    EXPECT_EQ(said([&] { return posix::poll(nullptr, 1, 0); }), fails(EFAULT));
    EXPECT_EQ(said([&] { return posix::poll(nullptr, nfds_t{1} << 30, 0); }), fails(EINVAL));
}

}  // namespace
}  // namespace weft::test
