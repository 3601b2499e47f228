// Signals handed to fibers.
#include <weft/os/signal.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <chrono>
#include <csignal>

#include <weft/core/run.hpp>
#include <weft/os/limits.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using os::SignalSet;
using os::wait_signal;
using testing::wait_all_parked;

WEFT_HUB_SUITE(Signals);

volatile std::sig_atomic_t handled = 0;

bool blocked(int signal) {
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return ::sigismember(&mask, signal) == 1;
}

TEST_P(Signals, AFiberWaitsForThemWhileOthersRun) {
    SignalSet signals{SIGUSR1, SIGUSR2};
    auto waiter = spawn([&] { return signals.wait(); });
    wait_all_parked();
    EXPECT_FALSE(waiter.ready());
    ::raise(SIGUSR2);
    EXPECT_EQ(waiter.get(), SIGUSR2);
    EXPECT_THROW((void)signals.wait(5ms), TimeoutError);
}

TEST_P(Signals, ThoseThatComeBetweenTwoWaitsAreKept) {
    SignalSet signals{SIGUSR1, SIGUSR2};
    ::raise(SIGUSR1);
    ::raise(SIGUSR2);
    EXPECT_EQ(signals.wait(), SIGUSR1);
    EXPECT_EQ(signals.wait(), SIGUSR2);
}

// CONFORMANCE 237
TEST_P(Signals, ABurstIsOneTwoReceiversAreAnErrorAndWhatIsLeftIsDelivered) {
    struct sigaction before {};
    struct sigaction count {};
    count.sa_handler = +[](int) { handled = handled + 1; };
    ::sigaction(SIGUSR1, &count, &before);
    handled = 0;
    {
        SignalSet signals{SIGUSR1};
        for (int i = 0; i < 5; ++i) {
            ::raise(SIGUSR1);
        }
        EXPECT_EQ(signals.wait(), SIGUSR1);
        EXPECT_THROW((void)signals.wait(0s), TimeoutError);
        EXPECT_EQ(error_of([] {
                      SignalSet second{SIGUSR2, SIGUSR1};
                  }).code(),
                  std::errc::device_or_resource_busy);
        SignalSet other{SIGUSR2};
        ::raise(SIGUSR1);
        EXPECT_EQ(handled, 0);
    }
    EXPECT_EQ(handled, 1);
    EXPECT_FALSE(blocked(SIGUSR1));
    ::sigaction(SIGUSR1, &before, nullptr);
}

// CONFORMANCE 236
TEST_P(Signals, AFiberThatHandlesThemMayWaitGoesOnAndKeepsNobodyAlive) {
    int times = 0;
    bool ended = false;
    {
        auto handler = spawn([&] {
            SignalSet signals{SIGUSR1};
            try {
                for (;;) {
                    signals.wait();
                    sleep_for(1ms);
                    ++times;
                }
            } catch (const Cancelled&) {
                ended = true;
                throw;
            }
        });
        wait_all_parked();
        for (int i = 1; i <= 3; ++i) {
            ::raise(SIGUSR1);
            while (times < i) {
                sleep_for(1ms);
            }
        }
    }
    EXPECT_EQ(times, 3);
    EXPECT_TRUE(ended) << "and it can be cancelled";
    EXPECT_FALSE(blocked(SIGUSR1));
}

TEST_P(Signals, OneBlockedByTheProgramStaysSo) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    { SignalSet signals{SIGUSR1}; }
    EXPECT_TRUE(blocked(SIGUSR1));
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

TEST_P(Signals, ACancelledWaitLosesNone) {
    SignalSet signals{SIGUSR1};
    auto waiter = spawn([&] { (void)signals.wait(); });
    wait_all_parked();
    waiter.cancel();
    waiter.join();
    ::raise(SIGUSR1);
    EXPECT_EQ(signals.wait(), SIGUSR1);
}

TEST_P(Signals, WhatIsNoSignalToWaitForIsAnArgumentError) {
    for (const int signal : {0, -1, 65, SIGKILL, SIGSTOP, SIGSEGV}) {
        EXPECT_EQ(error_of([&] { SignalSet set{signal}; }).code(), std::errc::invalid_argument) << signal;
    }
}

TEST_P(Signals, WaitSignalIsForOnce) {
    auto waiter = spawn([] { return wait_signal({SIGUSR1}); });
    wait_all_parked();
    ::raise(SIGUSR1);
    EXPECT_EQ(waiter.get(), SIGUSR1);
    EXPECT_FALSE(blocked(SIGUSR1));
    EXPECT_THROW(wait_signal({SIGUSR1}, 1ms), TimeoutError);
}

TEST(Limits, TheDescriptorLimitIsRaisedToTheHardOne) {
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    const rlimit low{std::min<rlim_t>(files.rlim_max, 512), files.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(os::raise_descriptor_limit(), files.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
}

}  // namespace
}  // namespace weft::test
