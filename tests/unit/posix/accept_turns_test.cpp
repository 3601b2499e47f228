// accept by several processes and threads on one listener.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include <weft/core/run.hpp>

#include "posix/accept_turn.hpp"
#include "support/child.hpp"
#include "support/fds.hpp"
#include "support/hub_fixture.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PosixAcceptTurns);

/// Lets somebody else try to accept when a fiber has just seen that its listener has a connection.
class Rival {
public:
    Rival(int listener, void (*tries)()) : watch_(&impl::Sys::poll, &poll) {
        listener_ = listener;
        tries_ = tries;
    }

private:
    static int poll(pollfd* entries, nfds_t count, int timeout) {
        const int ready = ::poll(entries, count, timeout);
        if (ready == 1 && count == 1 && entries->fd == listener_ && tries_ != nullptr) {
            std::exchange(tries_, nullptr)();
        }
        return ready;
    }

    static inline int listener_ = -1;
    static inline void (*tries_)() = nullptr;
    impl::SysOverride<decltype(impl::Sys::poll)> watch_;
};

/// What the accepted client has to say.
std::string next_client(int listener) {
    const Fd client(posix::accept(listener, nullptr, nullptr));
    return received(client);
}

/// A client that has said its name.
Fd client_of(int listener, const std::string& name) {
    Fd client(posix::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = address_of(listener);
    EXPECT_EQ(posix::connect(client, any(address), sizeof address), 0);
    send_text(client, name);
    return client;
}

int rivals_signal = -1;

TEST_P(PosixAcceptTurns, AForkedProcessDoesNotTakeAConnectionThatAFiberHasJustSeen) {
    const Fd listener = tcp_listener();
    const FdPair signal = pipe_pair();
    const pid_t child = posix::fork();
    if (child == 0) {
        ::alarm(child_seconds);
        check_and_exit([&] {
            char go = 0;
            CHECK_IN_CHILD(::read(signal.one, &go, 1) == 1);
            const std::string client = next_client(listener);
            // If it has taken the wrong one, the other process waits for this.
            static_cast<void>(client_of(listener, "too late"));
            return client == "second";
        });
    }
    rivals_signal = signal.other;
    const Rival rival(
        listener, +[] {
            EXPECT_EQ(::write(rivals_signal, "", 1), 1);
            std::this_thread::sleep_for(100ms);
        });
    const Fd first = client_of(listener, "first");
    EXPECT_EQ(next_client(listener), "first");
    const Fd second = client_of(listener, "second");
    EXPECT_CHILD_PASSES(await_child(child));
}

TEST_P(PosixAcceptTurns, WhoWaitsForItsTurnLetsOtherFibersRun) {
    const Fd listener = tcp_listener();
    auto accepting = spawn([&] { return next_client(listener); });
    Fd client;
    {
        const impl::AcceptTurn turn;
        ASSERT_TRUE(turn.is_mine());
        client = client_of(listener, "client");
        sleep_for(20ms);
        EXPECT_FALSE(accepting.ready());
    }
    EXPECT_EQ(accepting.get(), "client");
}

TEST_P(PosixAcceptTurns, WaitingForOnesTurnIsCancelled) {
    const Fd listener = tcp_listener();
    auto accepting = spawn([&] { return said([&] { return posix::accept(listener, nullptr, nullptr); }); });
    const impl::AcceptTurn turn;
    ASSERT_TRUE(turn.is_mine());
    sleep_for(1ms);
    accepting.cancel();
    EXPECT_EQ(accepting.get(), fails(ECANCELED));
}

int interrupted_listener = -1;

TEST_P(PosixAcceptTurns, ALookThatASignalInterruptsHasNotSeenAConnection) {
    const Fd listener = tcp_listener();
    interrupted_listener = listener;
    const impl::SysOverride<decltype(impl::Sys::poll)> signal(
        &impl::Sys::poll, +[](pollfd* entries, nfds_t count, int timeout) {
            if (count == 1 && entries->fd == interrupted_listener) {
                interrupted_listener = -1;
                errno = EINTR;
                return -1;
            }
            return ::poll(entries, count, timeout);
        });
    auto accepting = spawn([&] { return next_client(listener); });
    sleep_for(1ms);
    const Fd client = client_of(listener, "client");
    EXPECT_EQ(accepting.get(), "client");
}

TEST_P(PosixAcceptTurns, AProcessThatDiesInItsTurnGivesItBack) {
    const Fd listener = tcp_listener();
    const pid_t child = posix::fork();
    if (child == 0) {
        const impl::AcceptTurn turn;
        ::_exit(turn.is_mine() ? 0 : 1);
    }
    EXPECT_CHILD_PASSES(await_child(child));
    const Fd client = client_of(listener, "client");
    EXPECT_EQ(next_client(listener), "client");
}

}  // namespace
}  // namespace weft::test
