// Group: fibers that are waited for and ended together.
#include <weft/pool/group.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"
#include "support/stderr_capture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(GroupTest);

TEST_P(GroupTest, JoinWaitsForAllAndTheFuturesHaveTheResults) {
    Group group;
    Future<int> slow = group.spawn([](int number) { return sleep_for(2ms), number; }, 1);
    Future<> quick = group.spawn([] { sleep_for(1ms); });
    Future<int> fails =
        group.spawn(SpawnOptions{.name = "fails"}, []() -> int { throw std::out_of_range("no"); });
    EXPECT_EQ(group.size(), 3U);
    EXPECT_EQ(group.members().back().name(), "fails");
    EXPECT_THROW(group.join(1us), TimeoutError);
    group.join();
    EXPECT_TRUE(group.empty());
    EXPECT_TRUE(slow.ready() && quick.ready());
    EXPECT_EQ(slow.get(), 1);
    EXPECT_THROW(static_cast<void>(fails.get()), std::out_of_range);
    group.join();
}

TEST_P(GroupTest, AnErrorThatNobodyTakesFromItsFutureIsReported) {
    const test::StderrCapture printed;
    Group group;
    group.spawn([] { throw std::runtime_error("unseen"); });
    group.join();
    testing::wait_all_parked();
    EXPECT_EQ(printed.count("unseen"), 1U);
}

TEST_P(GroupTest, KillEndsAllOfThemAndThoseThatHaveNotStartedNeverRun) {
    Group group;
    int started = 0;
    auto body = [&] {
        ++started;
        sleep_for(1h);
    };
    Future<> first = group.spawn(body);
    yield();
    Future<> second = group.spawn(body);
    group.kill();
    group.join();
    EXPECT_EQ(started, 1);
    EXPECT_THROW(first.get(), BrokenPromise);
    EXPECT_THROW(second.get(), BrokenPromise);

    Future<> other = group.spawn(body);
    yield();
    group.kill(std::make_exception_ptr(std::domain_error("why")));
    EXPECT_THROW(other.get(), std::domain_error);
}

TEST_P(GroupTest, CancelEndsThemAtEachWait) {
    Group group;
    int waits = 0;
    group.spawn([&] {
        for (;;) {
            try {
                ++waits;
                sleep_for(1h);
            } catch (const Cancelled&) {
                if (waits == 3) {
                    throw;
                }
            }
        }
    });
    yield();
    group.cancel();
    group.join();
    EXPECT_EQ(waits, 3);
}

// CONFORMANCE 152
TEST_P(GroupTest, AMemberCannotWaitForAllOfThem) {
    Group group;
    Future<> member = group.spawn([&] { group.join(); });
    EXPECT_THROW(member.get(), std::logic_error);
    EXPECT_FALSE(group.has_caller());
}

TEST_P(GroupTest, AMemberMayKillAllOfThem) {
    Group group;
    bool survived = false;
    group.spawn([] { sleep_for(1h); });
    group.spawn([&] {
        group.kill();
        survived = true;
    });
    group.join();
    EXPECT_FALSE(survived);
}

TEST_P(GroupTest, ItsDestructorCancelsAndWaits) {
    bool ended = false;
    {
        Group group;
        group.spawn([&] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                const int left = 3;
                for (int i = 0; i < left; ++i) {
                    try {
                        yield();
                    } catch (const Cancelled&) {
                    }
                }
                ended = true;
                throw;
            }
        });
        yield();
    }
    EXPECT_TRUE(ended);
}

TEST_P(GroupTest, KeepsFibersThatRunAlready) {
    Group group;
    bool cancelled = false;
    auto fiber = spawn([&] {
        try {
            sleep_for(1h);
        } catch (const Cancelled&) {
            cancelled = true;
            throw;
        }
    });
    yield();
    group.add(std::move(fiber));
    group.add(spawn([] { return 1; }));
    EXPECT_EQ(group.size(), 2U);
    group.cancel();
    group.join();
    EXPECT_TRUE(cancelled);
}

TEST_P(GroupTest, HasMembersOnOtherHubs) {
    const test::Host host;
    Group group;
    const testing::VirtualTime::Hold hold;
    Future<std::thread::id> there =
        group.spawn(SpawnOptions{.hub = host.hub()}, [] { return std::this_thread::get_id(); });
    EXPECT_EQ(there.get(), host.id());
    Future<> waits = group.spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_until(TimePoint::max()); });
    group.kill();
    group.join();
    EXPECT_THROW(waits.get(), BrokenPromise);
}

}  // namespace
}  // namespace weft
