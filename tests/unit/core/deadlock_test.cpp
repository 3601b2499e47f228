// Deadlock: thrown only when nothing in the process can wake anybody, and then it says who waits for what.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "base/sys.hpp"
#include "support/hub_fixture.hpp"
#include "support/sys_override.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(DeadlockCase);

void wait_for_ever() { sleep_until(TimePoint::max()); }

// CONFORMANCE 71
TEST_P(DeadlockCase, IsThrownInMainWithADumpAndTheHubGoesOn) {
    Fiber<> first;
    Fiber<> second;
    first = spawn(SpawnOptions{.name = "first"}, [&] { second.join(); });
    second = spawn(SpawnOptions{.name = "second"}, [&] { first.join(); });
    try {
        first.join();
        FAIL() << "they wait for each other";
    } catch (const Deadlock& deadlock) {
        const std::string dump = deadlock.what();
        EXPECT_NE(dump.find("\"first\": waits: join fiber " + std::to_string(second.id()) + " \"second\""),
                  std::string::npos)
            << dump;
        EXPECT_NE(dump.find("\"second\": waits: join fiber " + std::to_string(first.id()) + " \"first\""),
                  std::string::npos)
            << dump;
        EXPECT_NE(dump.find("\"main\": waits: join"), std::string::npos) << dump;
    }
    EXPECT_EQ(spawn([] { return 1; }).get(), 1) << "the hub can be used again";
    EXPECT_THROW(first.join(), Deadlock) << "and finds it again";
}

TEST_P(DeadlockCase, IsThrownWhereMainAloneWaits) { EXPECT_THROW(wait_for_ever(), Deadlock); }

TEST_P(DeadlockCase, IsNotThrownWhileATimerIsPending) {
    auto fiber = spawn([] { wait_for_ever(); });
    auto rescue = spawn([&] {
        sleep_for(5ms);
        fiber.kill();
    });
    EXPECT_NO_THROW(fiber.join());
}

TEST_P(DeadlockCase, ComesThroughAShield) {
    auto fiber = spawn([] { wait_for_ever(); });
    const Shield shield;
    EXPECT_THROW(fiber.join(), Deadlock);
}

TEST_P(DeadlockCase, IsNotThrownWhileAThreadThatWeftDoesNotKnowLives) {
    auto fiber = spawn([] { wait_for_ever(); });
    const FiberRef ref = fiber.ref();
    // The stranger acts once the hub sleeps for good.
    static std::atomic<bool> asleep{false};
    asleep = false;
    static const auto sleeps = [] {
        asleep = true;
        asleep.notify_one();
    };
    const impl::SysOverride epoll(
        &impl::Sys::epoll_pwait2,
        +[](int fd, epoll_event* events, int room, const timespec* time, const sigset_t* mask) {
            sleeps();
            return ::epoll_pwait2(fd, events, room, time, mask);
        });
    const impl::SysOverride poll(
        &impl::Sys::poll, +[](pollfd* fds, nfds_t count, int timeout) {
            if (timeout != 0) {
                sleeps();
            }
            return ::poll(fds, count, timeout);
        });
    std::thread stranger([&] {
        asleep.wait(false);
        ref.kill();
    });
    EXPECT_NO_THROW(fiber.join());
    stranger.join();
}

TEST_P(DeadlockCase, IsThrownOnceTheThreadThatWeftDoesNotKnowHasEnded) {
    std::thread stranger([] { std::this_thread::sleep_for(20ms); });
    EXPECT_THROW(wait_for_ever(), Deadlock);
    stranger.join();
}

TEST_P(DeadlockCase, IsNotThrownWhileADescriptorIsWaitedFor) {
    ++impl::Hub::current()->outside_waits;
    auto fiber = spawn([] { wait_for_ever(); });
    EXPECT_THROW(fiber.join(5ms), TimeoutError);
    --impl::Hub::current()->outside_waits;
}

TEST(DeadlockHubs, IsNotThrownWhileAnotherHubIsBusyAndIsWhenAllAreBlocked) {
    run([] {
        std::atomic<bool> other_started{false};
        FiberRef other_main;
        std::thread other([&] {
            run([&] {
                other_main = this_fiber();
                other_started = true;
                other_started.notify_one();
                sleep_for(2ms);
                // From here on both hubs wait for ever.
                EXPECT_THROW(wait_for_ever(), Cancelled);
            });
        });
        other_started.wait(false);
        EXPECT_THROW(wait_for_ever(), Deadlock);
        other_main.cancel();
        other.join();
    });
}

TEST(DeadlockHubs, AHandleWhoseFiberCanNeverEndStopsTheProgram) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(run([] {
                     auto fiber = spawn(SpawnOptions{.name = "eternal"}, [] {
                         const Shield shield;
                         wait_for_ever();
                     });
                     yield();
                 }),
                 "\"eternal\" is destroyed while the fiber can never end");
}

TEST(DeadlockHubs, AFiberThatJoinsItselfIsACallersBug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(run([] {
                     Fiber<> fiber;
                     fiber = spawn(SpawnOptions{.name = "narcissus"}, [&] { fiber.join(); });
                     yield();
                 }),
                 "\"narcissus\" joins itself");
}

}  // namespace
}  // namespace weft
