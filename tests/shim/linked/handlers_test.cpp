// Signal handlers: whatever they call is libc's, and the program sees its own.
#include <gtest/gtest.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/shim/shim.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "ends.hpp"

namespace weft::test {
namespace {

std::function<void()>& body() {
    static std::function<void()> what;
    return what;
}

void handler(int) { body()(); }

class ShimHandlers : public ::testing::Test {
protected:
    ShimHandlers() { ::sigaction(SIGUSR1, nullptr, &before_); }
    ~ShimHandlers() override { ::sigaction(SIGUSR1, &before_, nullptr); }

    static void install(std::function<void()> what, int flags = 0) {
        body() = std::move(what);
        struct sigaction action {};
        action.sa_handler = &handler;
        action.sa_flags = flags;
        ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
    }

private:
    testing::VirtualTime time_;
    struct sigaction before_ {};
};

bool sleeping_parks() {
    return testing::lets_others_run([] { ::usleep(1); });
}

TEST_F(ShimHandlers, NothingThatAHandlerCallsParks) {
    const Ends ends;
    const std::vector<std::function<void()>> calls{
        [] { ::usleep(1); },
        [] { ::poll(nullptr, 0, 1); },
        [] {
            const timespec length{.tv_sec = 0, .tv_nsec = 1};
            ::nanosleep(&length, nullptr);
        },
        [&] {
            char byte = 0;
            timeval limit{.tv_sec = 0, .tv_usec = 1000};
            ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            ::read(ends[0], &byte, 1);
        },
        [] { ::sched_yield(); },
    };
    for (const auto& call : calls) {
        install(call);
        EXPECT_FALSE(testing::lets_others_run([] { ::raise(SIGUSR1); }));
        EXPECT_TRUE(sleeping_parks()) << "after the handler";
    }
}

TEST_F(ShimHandlers, OneThatInterruptsTheHubItselfMayCallWhatItLikes) {
    int calls = 0;
    install([&] {
        ::usleep(1);
        ::poll(nullptr, 0, 0);
        ++calls;
    });
    std::thread thread([target = ::pthread_self(), &calls] {
        for (int i = 0; i < 20; ++i) {
            ::pthread_kill(target, SIGUSR1);
            ::usleep(100);
        }
    });
    auto other = spawn([] {
        for (int i = 0; i < 100; ++i) {
            ::usleep(100);
        }
    });
    other.join();
    thread.join();
    EXPECT_GT(calls, 0);
    EXPECT_TRUE(sleeping_parks());
}

TEST_F(ShimHandlers, OneWithinAnotherIsOneToo) {
    bool inner = false;
    install(
        [&] {
            if (!inner) {
                inner = true;
                ::raise(SIGUSR1);
            }
            EXPECT_FALSE(sleeping_parks());
        },
        SA_NODEFER);
    ::raise(SIGUSR1);
    EXPECT_TRUE(inner);
    EXPECT_TRUE(sleeping_parks());
}

/// Deeper on the stack than a handler that was entered from here.
[[gnu::noinline]] bool parks_deep_down() {
    volatile char room[64 * 1024];
    room[0] = 1;
    room[sizeof room - 1] = 1;
    const bool parks = sleeping_parks();
    room[1] = 1;
    return parks;
}

TEST_F(ShimHandlers, OneThatIsLeftByAJumpIsOver) {
    install([] {});
    static sigjmp_buf place;
    install([] { siglongjmp(place, 1); });
    if (sigsetjmp(place, 1) == 0) {
        ::raise(SIGUSR1);
        ADD_FAILURE() << "the jump";
    }
    EXPECT_TRUE(parks_deep_down());
    EXPECT_TRUE(sleeping_parks());
    static jmp_buf plain_place;
    install([] { longjmp(plain_place, 1); }, SA_NODEFER);
    if (setjmp(plain_place) == 0) {
        ::raise(SIGUSR1);
        ADD_FAILURE() << "the jump";
    }
    EXPECT_TRUE(parks_deep_down());
}

TEST_F(ShimHandlers, AJumpWithinOneDoesNotEndIt) {
    bool parked = false;
    install([&] {
        static sigjmp_buf place;
        if (sigsetjmp(place, 1) == 0) {
            siglongjmp(place, 1);
        }
        parked = sleeping_parks();
    });
    ::raise(SIGUSR1);
    EXPECT_FALSE(parked);
    EXPECT_TRUE(sleeping_parks());
}

TEST_F(ShimHandlers, OneOnAStackOfItsOwnIsOneToo) {
    static char room[256 * 1024];
    stack_t stack{};
    stack.ss_sp = room;
    stack.ss_size = sizeof room;
    stack_t before{};
    ASSERT_EQ(::sigaltstack(&stack, &before), 0);
    bool parked = true;
    install([&] { parked = sleeping_parks(); }, SA_ONSTACK);
    ::raise(SIGUSR1);
    EXPECT_FALSE(parked);
    EXPECT_TRUE(parks_deep_down());
    static sigjmp_buf place;
    install([] { siglongjmp(place, 1); }, SA_ONSTACK);
    if (sigsetjmp(place, 1) == 0) {
        ::raise(SIGUSR1);
    }
    EXPECT_TRUE(parks_deep_down());
    ::sigaltstack(&before, nullptr);
}

TEST_F(ShimHandlers, AFiberThatIsInterruptedInOneIsNotTheOnlyOneThatRuns) {
    // A handler of one fiber says nothing about another one, also if that lies deeper.
    install([] {});
    auto fiber = spawn([] {
        ::raise(SIGUSR1);
        return sleeping_parks();
    });
    EXPECT_TRUE(fiber.get());
    EXPECT_TRUE(parks_deep_down());
}

void other_handler(int) {}
void long_handler(int signal, siginfo_t* info, void* context) {
    EXPECT_EQ(signal, SIGUSR1);
    EXPECT_EQ(info->si_signo, SIGUSR1);
    EXPECT_NE(context, nullptr);
    body()();
}

TEST_F(ShimHandlers, TheProgramIsToldItsOwnHandlers) {
    install([] {});
    struct sigaction seen {};
    ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &seen), 0);
    EXPECT_EQ(seen.sa_handler, &handler);
    EXPECT_EQ(::signal(SIGUSR1, &other_handler), &handler);
    EXPECT_EQ(::signal(SIGUSR1, SIG_IGN), &other_handler);
    EXPECT_EQ(::signal(SIGUSR1, SIG_DFL), SIG_IGN);
    EXPECT_EQ(::signal(SIGUSR1, &handler), SIG_DFL);
    EXPECT_EQ(::signal(-1, &handler), SIG_ERR);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(::signal(SIGKILL, &handler), SIG_ERR);
    ASSERT_EQ(::sigaction(SIGUSR1, &seen, nullptr), 0);
    int calls = 0;
    body() = [&] { ++calls; };
    ::raise(SIGUSR1);
    EXPECT_EQ(calls, 1);
}

TEST_F(ShimHandlers, OneWithThreeArgumentsGetsThem) {
    bool called = false;
    body() = [&] { called = true; };
    struct sigaction action {};
    action.sa_sigaction = &long_handler;
    action.sa_flags = SA_SIGINFO;
    ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
    struct sigaction seen {};
    ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &seen), 0);
    EXPECT_EQ(seen.sa_sigaction, &long_handler);
    EXPECT_TRUE((seen.sa_flags & SA_SIGINFO) != 0);
    ::raise(SIGUSR1);
    EXPECT_TRUE(called);
}

TEST_F(ShimHandlers, WhatWasInstalledBeforeAGroupIsSwitchedOffIsStillToldAndPutBack) {
    int calls = 0;
    install([&] { ++calls; });
    shim::disable({shim::Group::signal});
    struct sigaction seen {};
    ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &seen), 0);
    EXPECT_EQ(seen.sa_handler, &handler);
    EXPECT_EQ(::signal(SIGUSR1, SIG_DFL), &handler);
    ASSERT_EQ(::sigaction(SIGUSR1, &seen, nullptr), 0);
    shim::enable();
    ::raise(SIGUSR1);
    EXPECT_EQ(calls, 1);
}

TEST_F(ShimHandlers, OneThatIsTakenOnceIsTakenOnce) {
    int calls = 0;
    install([&] { ++calls; }, static_cast<int>(SA_RESETHAND));
    ::raise(SIGUSR1);
    EXPECT_EQ(calls, 1);
    struct sigaction seen {};
    ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &seen), 0);
    EXPECT_EQ(seen.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace weft::test
