// The figures of the hubs are those of what has happened.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/diag/metrics.hpp>
#include <weft/pool/thread_pool.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/hub.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

diag::HubMetrics here() {
    // What is as of the last pass is as of now then.
    testing::wait_all_parked();
    const diag::Metrics all = diag::metrics({.resident = false});
    return all.hubs.front();
}

diag::WaitMetrics waits(const diag::HubMetrics& hub, const std::string& reason) {
    for (const diag::WaitMetrics& wait : hub.waits) {
        if (wait.reason == reason) {
            return wait;
        }
    }
    ADD_FAILURE() << "no waits for " << reason;
    return {};
}

WEFT_HUB_SUITE(Metrics);

TEST_P(Metrics, CountFibersByWhatTheyWaitFor) {
    const diag::HubMetrics before = here();
    Event event;
    Semaphore units(0);
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 3; ++i) {
        fibers.push_back(spawn([&] { event.wait(); }));
    }
    for (int i = 0; i < 5; ++i) {
        fibers.push_back(spawn([&] { units.acquire(); }));
    }
    const diag::HubMetrics during = here();
    EXPECT_EQ(during.fibers, before.fibers + 8);
    EXPECT_EQ(waits(during, "event").now, 3U);
    EXPECT_EQ(waits(during, "semaphore").now, 5U);
    event.set();
    units.release(5);
    const diag::HubMetrics after = here();
    EXPECT_EQ(after.fibers, before.fibers);
    EXPECT_EQ(waits(after, "event").now, 0U);
    EXPECT_EQ(waits(after, "event").begun, waits(before, "event").begun + 3);
    EXPECT_EQ(waits(after, "semaphore").begun, waits(before, "semaphore").begun + 5);
}

TEST_P(Metrics, CountSwitchesToFibers) {
    const diag::HubMetrics before = here();
    constexpr int rounds = 1000;
    const auto switch_often = [] {
        for (int i = 0; i < rounds; ++i) {
            yield();
        }
    };
    auto one = spawn(switch_often);
    auto two = spawn(switch_often);
    one.join();
    two.join();
    const std::uint64_t switches = here().switches - before.switches;
    EXPECT_GE(switches, 2U * rounds);
    EXPECT_LE(switches, 2U * rounds + 50);
}

TEST_P(Metrics, CountEachTurnOfAFiberThatIsAloneOnce) {
    const diag::HubMetrics before = here();
    constexpr int rounds = 1000;
    for (int i = 0; i < rounds; ++i) {
        impl::Hub::current()->yield_to_pass();
    }
    const std::uint64_t switches = here().switches - before.switches;
    EXPECT_GE(switches, rounds - 1U);
    EXPECT_LE(switches, rounds + 50U);
}

TEST_P(Metrics, CountTimers) {
    const diag::HubMetrics before = here();
    auto late = spawn([] { sleep_for(1h); });
    auto soon = spawn([] { sleep_for(1ms); });
    soon.join();
    const diag::HubMetrics after = here();
    EXPECT_EQ(after.timers, before.timers + 1);
    EXPECT_EQ(after.timers_fired, before.timers_fired + 1);
    late.cancel();
}

TEST_P(Metrics, CountWakeUpsFromOtherThreads) {
    const diag::HubMetrics before = here();
    Event event;
    std::thread other([&] { event.set(); });
    event.wait();
    other.join();
    EXPECT_GE(here().outside_wakeups + (event.is_set() ? 1 : 0), before.outside_wakeups + 1);
}

TEST_P(Metrics, KnowAllHubs) {
    const test::Host host;
    EXPECT_EQ(diag::metrics().hubs.size(), 2U);
}

TEST_P(Metrics, StacksAreCounted) {
    const diag::Metrics before = diag::metrics();
    std::vector<Fiber<>> fibers;
    Event event;
    for (int i = 0; i < 1000; ++i) {
        fibers.push_back(spawn([&] { event.wait(); }));
    }
    testing::wait_all_parked();
    const diag::Metrics after = diag::metrics();
    EXPECT_EQ(after.stacks.in_use, before.stacks.in_use + 1000);
    EXPECT_GE(after.stacks.made, after.stacks.in_use);
    // Each has its top page at least.
    EXPECT_GE(after.stacks.resident_bytes, 1000U * 4096);
    EXPECT_LT(after.stacks.resident_bytes, after.stacks.reserved_bytes);
    event.set();
}

TEST_P(Metrics, PoolsAreCounted) {
    EXPECT_EQ(blocking_pool().run([] { return 1; }), 1);
    const diag::ThreadPoolMetrics pool = diag::metrics().pools.at(0);
    EXPECT_EQ(pool.pool, "blocking");
    EXPECT_GE(pool.threads, 1U);
    EXPECT_EQ(pool.max_threads, blocking_pool().max_threads());
    EXPECT_EQ(diag::metrics().pools.at(1).pool, "resolver");
}

TEST(MetricsOnLibev, TheDelayOfReadyFibersIsSampled) {
    run([] {
        const auto busy = [] {
            for (int i = 0; i < 100'000; ++i) {
                yield();
            }
        };
        auto one = spawn(busy);
        auto two = spawn(busy);
        auto three = spawn(busy);
        one.join();
        two.join();
        three.join();
        const diag::HubMetrics hub = diag::metrics().hubs.front();
        EXPECT_GT(hub.run_delay.count, 10U);
        EXPECT_GT(hub.run_delay.sum, 0ns);
        // Two or three others come before the probe's turn.
        EXPECT_GE(hub.run_queue, 1U);
        EXPECT_LE(hub.run_queue, 4U);
    });
}

TEST_P(Metrics, JsonHasThemAll) {
    auto fiber = spawn([] { sleep_for(1h); });
    testing::wait_all_parked();
    const diag::Metrics metrics = diag::metrics();
    const auto json = nlohmann::json::parse(to_json(metrics));
    EXPECT_EQ(json.at("hubs").size(), metrics.hubs.size());
    EXPECT_EQ(json.at("hubs").at(0).at("fibers"), metrics.hubs.at(0).fibers);
    EXPECT_EQ(json.at("hubs").at(0).at("waits").size(), metrics.hubs.at(0).waits.size());
    EXPECT_EQ(json.at("stacks").at("in_use"), metrics.stacks.in_use);
    EXPECT_EQ(json.at("pools").at(0).at("pool"), "blocking");
    fiber.cancel();
}

TEST_P(Metrics, PrometheusTextHasAFamilyForEach) {
    const std::string text = to_prometheus(diag::metrics());
    const std::string number = std::to_string(diag::metrics().hubs.at(0).hub);
    for (const std::string line :
         {"# TYPE weft_switches_total counter\n", "# TYPE weft_run_delay_seconds histogram\n",
          "# TYPE weft_fibers gauge\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line;
    }
    EXPECT_NE(text.find("weft_fibers{hub=\"" + number + "\"} "), std::string::npos) << text;
    EXPECT_NE(text.find("weft_waiting{hub=\"" + number + "\",reason=\"mutex\"} 0\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("weft_run_delay_seconds_bucket{hub=\"" + number + "\",le=\"+Inf\"} "),
              std::string::npos);
    // A line is a comment, or a name with labels and a number.
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        const std::string line = text.substr(begin, end - begin);
        EXPECT_TRUE(line.starts_with("# ") || line.starts_with("weft_")) << line;
        begin = end + 1;
    }
    EXPECT_EQ(begin, text.size());
}

}  // namespace
}  // namespace weft
