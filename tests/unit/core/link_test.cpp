// Links: functions that are called when a fiber has ended.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Links);

/// A link that adds a letter.
Link note(std::string& text, char letter) {
    return [&text, letter](const FiberOutcome&) { text += letter; };
}

// CONFORMANCE 11
TEST_P(Links, AreCalledAfterTheEndInTheOrderOfAdding) {
    std::string order;
    auto fiber = spawn([&] { order += "body "; });
    fiber.link(note(order, 'a'));
    fiber.ref().link(note(order, 'b'));
    fiber.link([&](const FiberOutcome& outcome) {
        EXPECT_EQ(outcome.fiber.id(), fiber.id());
        EXPECT_FALSE(outcome.fiber.alive());
        EXPECT_TRUE(fiber.ready());
        order += 'c';
    });
    fiber.join();
    testing::wait_all_parked();
    EXPECT_EQ(order, "body abc");
}

// CONFORMANCE 12
TEST_P(Links, OneThatThrowsIsReportedAndTheOthersAreCalled) {
    const test::StderrCapture capture;
    std::string order;
    auto fiber = spawn(SpawnOptions{.name = "linked"}, [] {});
    fiber.link([](const FiberOutcome&) { throw std::runtime_error("a bad link"); });
    fiber.link(note(order, 'b'));
    fiber.join();
    testing::wait_all_parked();
    EXPECT_EQ(order, "b");
    EXPECT_EQ(capture.count("\"linked\" has a link that threw: std::runtime_error: a bad link"), 1U)
        << capture.str();
}

// CONFORMANCE 13
TEST_P(Links, OneThatIsTakenBackByAnEarlierOneIsNotCalled) {
    std::string order;
    auto fiber = spawn([] {});
    LinkToken later{};
    fiber.link([&](const FiberOutcome& outcome) {
        order += 'a';
        EXPECT_TRUE(outcome.fiber.unlink(later));
        EXPECT_FALSE(outcome.fiber.unlink(later));
    });
    later = fiber.link(note(order, 'b'));
    fiber.link(note(order, 'c'));
    fiber.join();
    testing::wait_all_parked();
    EXPECT_EQ(order, "ac");
}

// CONFORMANCE 14
TEST_P(Links, OneThatIsAddedAfterTheEndIsCalledOnceAndLater) {
    std::string order;
    auto fiber = spawn([] { throw std::runtime_error("seen"); });
    fiber.join();
    EXPECT_NE(fiber.exception(), nullptr);
    fiber.link(note(order, 'a'));
    EXPECT_EQ(order, "") << "not in place";
    const FiberRef ref = fiber.ref();
    fiber = {};
    ref.link(note(order, 'b'));
    ref.link_exception([&](const FiberOutcome& outcome) {
        EXPECT_THROW(std::rethrow_exception(outcome.exception), std::runtime_error);
        order += 'c';
    });
    testing::wait_all_parked();
    EXPECT_EQ(order, "abc");
    ref.link(note(order, 'd'));
    testing::wait_all_parked();
    EXPECT_EQ(order, "abcd");
}

// CONFORMANCE 15
TEST_P(Links, OneThatIsAddedByALinkIsCalledAfterTheOthers) {
    std::string order;
    auto fiber = spawn([] {});
    fiber.link([&](const FiberOutcome& outcome) {
        order += 'a';
        outcome.fiber.link(note(order, 'c'));
    });
    fiber.link(note(order, 'b'));
    fiber.join();
    testing::wait_all_parked();
    EXPECT_EQ(order, "abc");
}

// CONFORMANCE 16
TEST_P(Links, ForValuesAndForExceptionsOnlyTheOnesThatFitAreCalled) {
    std::string order;
    auto returns = spawn([] {});
    auto throws = spawn([] { throw std::runtime_error("mine"); });
    auto killed = spawn([] {});
    for (const auto* fiber : {&returns, &throws, &killed}) {
        fiber->link_value(note(order, 'v'));
        fiber->link_exception([&](const FiberOutcome& outcome) {
            EXPECT_NE(outcome.exception, nullptr);
            order += 'e';
        });
        fiber->link(note(order, '.'));
    }
    killed.kill();
    testing::wait_all_parked();
    EXPECT_EQ(order, "v.e.e.");
}

// CONFORMANCE 17
TEST_P(Links, OneThatIsTakenBackInTimeIsNeverCalled) {
    std::string order;
    auto captured = std::make_shared<int>(0);
    auto fiber = spawn([] {});
    const LinkToken token = fiber.link([&, captured](const FiberOutcome&) { order += 'a'; });
    EXPECT_TRUE(fiber.unlink(token));
    EXPECT_EQ(captured.use_count(), 1);
    EXPECT_FALSE(fiber.unlink(token));
    fiber.join();
    testing::wait_all_parked();
    EXPECT_EQ(order, "");
}

TEST_P(Links, MayWaitAndHoldUpOnlyTheirOwnSuccessors) {
    std::string order;
    Event go_on;
    auto fiber = spawn([&] { order += "body "; });
    fiber.link([&](const FiberOutcome&) {
        go_on.wait();
        order += 'a';
    });
    fiber.link(note(order, 'b'));
    fiber.join();
    order += "joined ";
    testing::wait_all_parked();
    EXPECT_EQ(order, "body joined ");
    go_on.set();
    testing::wait_all_parked();
    EXPECT_EQ(order, "body joined ab");
}

TEST_P(Links, ForExceptionsCountAsHavingSeenTheErrorOthersDoNot) {
    const test::StderrCapture capture;
    spawn_later(0ms, [] { throw std::runtime_error("seen"); }).link_exception([](const FiberOutcome&) {});
    {
        auto fiber = spawn([] { throw std::runtime_error("seen"); });
        fiber.join();
        fiber.link_exception([](const FiberOutcome&) {});
        auto early = spawn([] { throw std::runtime_error("seen"); });
        early.link_exception([](const FiberOutcome&) {});
        early.join();
    }
    EXPECT_EQ(capture.str(), "");
    {
        auto fiber = spawn([] { throw std::runtime_error("overlooked"); });
        fiber.link([](const FiberOutcome&) {});
        fiber.link_value([](const FiberOutcome&) {});
        fiber.join();
    }
    EXPECT_EQ(capture.count("overlooked"), 1U);
    testing::wait_all_parked();
}

TEST(LinksElsewhere, AreCalledOnTheHubOfTheFiberWhoeverAddsThem) {
    test::Host host;
    std::atomic<int> calls{0};
    auto fiber = spawn_on(host.hub(), [] { sleep_for(1ms); });
    const Link link = [&](const FiberOutcome&) {
        EXPECT_EQ(std::this_thread::get_id(), host.id());
        ++calls;
    };
    fiber.link(link);
    fiber.join();
    fiber.link(link);  // by a thread without a hub, after the end
    while (calls != 2) {
        std::this_thread::yield();
    }
}

TEST(LinksElsewhere, WhereThatHubHasEndedTheyAreCalledOnTheCallersOwn) {
    run([] {
        FiberRef ref;
        std::thread([&] {
            run([&] {
                auto fiber = spawn([] {});
                ref = fiber.ref();
                fiber.join();
            });
        }).join();
        std::thread::id where;
        ref.link([&](const FiberOutcome&) { where = std::this_thread::get_id(); });
        testing::wait_all_parked();
        EXPECT_EQ(where, std::this_thread::get_id());
    });
}

TEST(LinksElsewhere, TheEndOfAHubCallsThoseOfTheFibersThatItEnds) {
    int calls = 0;
    run([&] {
        spawn_detached([&] {
            this_fiber().link([&](const FiberOutcome& outcome) {
                EXPECT_THROW(std::rethrow_exception(outcome.exception), Cancelled);
                ++calls;
            });
            sleep_for(1h);
        });
        yield();
    });
    EXPECT_EQ(calls, 1);
}

TEST(LinksElsewhere, OfAMainFiberAreDroppedWithIt) {
    auto captured = std::make_shared<int>(0);
    run([&] { this_fiber().link([captured](const FiberOutcome&) { FAIL(); }); });
    EXPECT_EQ(captured.use_count(), 1);
}

}  // namespace
}  // namespace weft
