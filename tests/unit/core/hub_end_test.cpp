// The end of hubs: of run(), with their threads, one after the other; and what outlives them.
#include <gtest/gtest.h>

#include <fcntl.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <weft/core/dump.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/net/unix.hpp>
#include <weft/os/signal.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/sync/future.hpp>

#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd) {  // a hub's own lie below 1000
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

WEFT_HUB_SUITE(RunEnd);

// CONFORMANCE 74
TEST_P(RunEnd, ComesAlthoughOthersStillWaitForTimersSignalsAndSockets) {
    const TimePoint begin = now();
    for (int round = 0; round < 3; ++round) {
        int ended = 0;
        struct Note {
            int& count;
            ~Note() { ++count; }
        };
        auto ends = net::UnixStream::pair();
        run([&] {
            spawn_detached([&] {
                const Note note{ended};
                sleep_for(1h);
            });
            spawn_detached([&] {
                const Note note{ended};
                os::wait_signal({SIGUSR1});
            });
            spawn_detached([&] {
                const Note note{ended};
                char byte[1];
                ends.first.read_exact(byte);
            });
            testing::wait_all_parked();
        });
        EXPECT_EQ(ended, 3) << round;
    }
    if (on_virtual_time()) {
        EXPECT_EQ(now(), begin);
    }
}

// CONFORMANCE 75
TEST(HubEnd, RunAgainAndAgainInOneThreadAndInFreshOnesLeavesNothing) {
    const auto use = [] {
        EXPECT_EQ(run([] { return spawn([] { return sleep_for(1us), 1; }).get(); }), 1);
        EXPECT_EQ(impl::Hub::current(), nullptr);
    };
    use();  // what is made once for the process
    const int before = open_descriptors();
    for (int round = 0; round < 20; ++round) {
        use();
        std::thread([&] {
            use();
            use();
        }).join();
    }
    EXPECT_EQ(open_descriptors(), before);
}

// CONFORMANCE 83
TEST(HubEnd, ClosesItsLoopAndTheNextUseMakesAnotherHub) {
    std::thread([] {
        const int before = open_descriptors();
        const HubRef first = run([] { return spawn([] { return this_hub(); }).get(); });
        EXPECT_EQ(open_descriptors(), before);
        EXPECT_EQ(dump_fibers(), "");
        // This one is not run()'s: it stays until the thread ends, and run() uses it.
        const HubRef second = spawn([] { return this_hub(); }).get();
        EXPECT_NE(second, first);
        EXPECT_GT(open_descriptors(), before);
        EXPECT_EQ(run([] { return this_hub(); }), second);
        EXPECT_EQ(this_hub(), second);
    }).join();
}

// CONFORMANCE 85
TEST(HubEnd, AThousandShortThreadsLeaveNoDescriptorBehind) {
    const int before = open_descriptors();
    for (int i = 0; i < 1000; ++i) {
        std::thread([] {
            auto fiber = spawn([] { sleep_for(1us); });
            fiber.join();
        }).join();
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(HubEnd, AThreadThatEndsCancelsAndJoinsItsFibers) {
    bool ended = false;
    struct Note {
        bool& flag;
        ~Note() { flag = true; }
    };
    std::thread([&] {
        spawn_detached([&] {
            const Note note{ended};
            sleep_for(1h);
        });
        yield();
    }).join();
    EXPECT_TRUE(ended);
}

TEST(HubEnd, AHandleMayOutliveTheHubOfItsFiber) {
    Fiber<int> fiber;
    std::thread([&] {
        run([&] {
            fiber = spawn([] { return 4; });
            fiber.join();
        });
    }).join();
    EXPECT_TRUE(fiber.ready());
    EXPECT_EQ(fiber.get(), 4);
    EXPECT_FALSE(fiber.ref().alive());
}

// CONFORMANCE 84
TEST(HubEnd, WhatIsLeftOfTheHubsOfAnEndedThreadIsDestroyedElsewhere) {
    const test::StderrCapture capture;
    struct Left {
        Fiber<std::string> value;
        Fiber<> error;
        FiberRef ref;
        HubRef hub;
        Future<std::string> future;
        std::unique_ptr<Runtime> runtime;
    };
    const auto leave_and_destroy = [] {
        Left left;
        std::thread([&] {
            run([&] {
                left.value = spawn([] { return std::string(100, 'v'); });
                left.error = spawn([] { throw std::runtime_error("uncollected"); });
                left.ref = this_fiber();
                left.hub = this_hub();
                Promise<std::string> promise;
                left.future = promise.future();
                promise.set_value(100, 'f');
                left.runtime = std::make_unique<Runtime>(RuntimeOptions{.hubs = 1});
                yield();
            });
        }).join();
    };
    leave_and_destroy();  // by a thread without a hub
    run(leave_and_destroy);
    EXPECT_EQ(capture.count("uncollected"), 2U) << capture.str();
}

// CONFORMANCE 90
TEST(HubEnd, WhatIsStartedOnAHubThatHasEndedIsRefusedWithAnErrorThatSaysSo) {
    HubRef gone;
    std::thread([&] { run([&] { gone = this_hub(); }); }).join();
    bool ran = false;
    const SpawnOptions there{.hub = gone};
    for (const bool detached : {false, true}) {
        try {
            detached ? spawn_detached(there, [&] { ran = true; })
                     : static_cast<void>(spawn(there, [&] { ran = true; }));
            ADD_FAILURE() << "the hub is not there any more";
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find("has ended"), std::string::npos) << error.what();
        }
    }
    EXPECT_FALSE(ran);
}

TEST(HubEnd, AFiberThatArrivesWhileTheHubEndsIsNotLost) {
    HubRef there;
    std::atomic<int> step{0};
    std::thread host([&] {
        run([&] {
            there = this_hub();
            step = 1;
            step.notify_all();
            // Blocks the thread: what arrives meanwhile stays in the hub's inbox until after this function.
            step.wait(1);
        });
    });
    step.wait(0);
    bool ran = false;
    auto fiber = spawn(SpawnOptions{.hub = there}, [&] {
        ran = true;
        sleep_for(1h);
    });
    step = 2;
    step.notify_all();
    EXPECT_THROW(fiber.get(), Cancelled);
    EXPECT_TRUE(ran);
    host.join();
}

}  // namespace
}  // namespace weft
