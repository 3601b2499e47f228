// The dump shows every fiber of the process, what it waits for and where.
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <weft/channel/channel.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/diag/dump.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

// No tail calls: the frames are what the tests look for.
#define WEFT_FRAME_STAYS asm volatile("" ::: "memory")

[[gnu::noinline]] void listen_to_the_event(Event& event) {
    event.wait();
    WEFT_FRAME_STAYS;
}

[[gnu::noinline]] void sleep_soundly() {
    sleep_for(1h);
    WEFT_FRAME_STAYS;
}

[[gnu::noinline]] Fiber<> spawn_a_listener(Event& event) {
    return spawn(SpawnOptions{.name = "listener"}, [&event] { listen_to_the_event(event); });
}

/// The line with `part` and those indented below it.
std::string paragraph(const std::string& text, const std::string& part) {
    std::istringstream lines(text);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        const bool below = line.starts_with("    ") && !line.starts_with("    \"");
        if (found.empty() ? line.find(part) != std::string::npos : below) {
            found += line + '\n';
        } else if (!found.empty()) {
            break;
        }
    }
    return found;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

WEFT_HUB_SUITE(DiagDump);

#if defined(__x86_64__)

TEST_P(DiagDump, ShowsTheCallThatWaitsAndWhoHasMadeIt) {
    Event event;
    auto listener = spawn_a_listener(event);
    testing::wait_all_parked();
    const std::string entry = paragraph(diag::dump_text(), "\"listener\"");
    EXPECT_NE(entry.find(": event 0x"), std::string::npos) << entry;
    const std::size_t wait = entry.find("weft::Event::wait");
    ASSERT_NE(wait, std::string::npos) << entry;
    EXPECT_LT(wait, entry.find("listen_to_the_event")) << entry;
    EXPECT_NE(entry.find("listen_to_the_event"), std::string::npos) << entry;
    EXPECT_EQ(entry.find("weft::impl::park"), std::string::npos) << "the inside of the library:\n" << entry;
    event.set();
}

TEST_P(DiagDump, FibersAtTheSamePlaceAreShownTogether) {
    Event event;
    std::vector<Fiber<>> many;
    for (int i = 0; i < 100; ++i) {
        many.push_back(spawn_a_listener(event));
    }
    auto other = spawn(SpawnOptions{.name = "other"}, [] { sleep_soundly(); });
    testing::wait_all_parked();
    const std::string text = diag::dump_text();
    const std::string entry = paragraph(text, "100 fibers: event");
    EXPECT_NE(entry.find("listen_to_the_event"), std::string::npos) << text;
    EXPECT_NE(entry.find("and 95 more"), std::string::npos) << text;
    EXPECT_EQ(occurrences(text, "listen_to_the_event"), 1U) << text;
    EXPECT_NE(text.find("102 fibers on"), std::string::npos) << text;
    EXPECT_EQ(occurrences(diag::dump_text({.group = false}), "\"listener\": event"), 100U);
    event.set();
    other.cancel();
}

TEST_P(DiagDump, TheFiberThatAsksIsShownWhereItIs) {
    const std::string entry = paragraph(diag::dump_text(), "\"main\": running");
    EXPECT_NE(entry.find("TheFiberThatAsksIsShownWhereItIs"), std::string::npos) << entry;
}

TEST_P(DiagDump, ReadyFibersHaveABacktraceToo) {
    Event event;
    auto listener = spawn_a_listener(event);
    testing::wait_all_parked();
    event.set();  // it is woken, and has not run yet
    const std::string entry = paragraph(diag::dump_text(), "\"listener\": ready");
    EXPECT_NE(entry.find("listen_to_the_event"), std::string::npos) << entry;
}

#endif

TEST_P(DiagDump, SaysWhereFibersWereSpawned) {
    Event event;
    auto listener = spawn_a_listener(event);
    testing::wait_all_parked();
    const std::string text = diag::dump_text({.frames = 0, .spawn_sites = true});
    // A lambda's wrapper may stand between in builds that inline nothing.
    const std::string entry = paragraph(text, "\"listener\"");
    EXPECT_TRUE(entry.find("spawned at") != std::string::npos && entry.find("spawn") != std::string::npos &&
                entry.find("unit_diag+0x") != std::string::npos)
        << text;
    event.set();
}

// CONFORMANCE 269
TEST_P(DiagDump, ATreeShowsWhoHasMadeWhom) {
    Event event;
    auto parent = spawn(SpawnOptions{.name = "parent"}, [&] {
        auto child = spawn(SpawnOptions{.name = "child"}, [&] {
            auto grandchild = spawn(SpawnOptions{.name = "grandchild"}, [&] { event.wait(); });
            grandchild.join();
        });
        child.join();
    });
    testing::wait_all_parked();
    const std::string text = diag::dump_text({.tree = true, .spawn_sites = true});
    EXPECT_NE(text.find("\"grandchild\": event"), std::string::npos) << text;
    EXPECT_EQ(occurrences(text, ", spawned at "), 3U) << text;
    const auto indent = [&](const std::string& name) {
        const std::size_t line = text.rfind('\n', text.find('"' + name + '"')) + 1;
        return text.find("fiber", line) - line;
    };
    EXPECT_EQ(indent("parent"), indent("main") + 2) << text;
    EXPECT_EQ(indent("child"), indent("parent") + 2) << text;
    EXPECT_EQ(indent("grandchild"), indent("child") + 2) << text;
    event.set();
}

TEST_P(DiagDump, CirclesOfLocksAreNamed) {
    Mutex first;
    Mutex second;
    Mutex third;
    const auto take_both = [](Mutex& mine, Mutex& next) {
        const std::scoped_lock one(mine);
        yield();
        const std::scoped_lock two(next);
    };
    auto a = spawn(SpawnOptions{.name = "a"}, take_both, std::ref(first), std::ref(second));
    auto b = spawn(SpawnOptions{.name = "b"}, take_both, std::ref(second), std::ref(third));
    auto c = spawn(SpawnOptions{.name = "c"}, take_both, std::ref(third), std::ref(first));
    testing::wait_all_parked();
    const std::string circle = paragraph(diag::dump_text({.frames = 0}), "a circle, in which");
    EXPECT_EQ(occurrences(circle, "held by fiber"), 3U) << circle;
    EXPECT_EQ(occurrences(circle, "waits: mutex"), 3U) << circle;
    for (const char* name : {"\"a\"", "\"b\"", "\"c\""}) {
        EXPECT_EQ(occurrences(circle, name), 1U) << circle;
    }
    a.cancel();
}

TEST_P(DiagDump, NobodyInACircleIsNoCircle) {
    Mutex mutex;
    const std::scoped_lock lock(mutex);
    auto waiter = spawn([&] { const std::scoped_lock inner(mutex); });
    auto joiner = spawn([&] { waiter.join(); });
    testing::wait_all_parked();
    EXPECT_EQ(diag::dump_text().find("circle"), std::string::npos);
    waiter.cancel();
}

TEST_P(DiagDump, OtherHubsTakeDownTheirOwnFibers) {
    const test::Host host;
    Event event;
    auto there =
        spawn(SpawnOptions{.name = "there", .hub = host.hub()}, [&event] { listen_to_the_event(event); });
    while (diag::dump_text({.frames = 0}).find("\"there\": event") == std::string::npos) {
        std::this_thread::yield();
    }
    const std::string text = diag::dump_text();
    EXPECT_NE(text.find("on 2 hubs"), std::string::npos) << text;
#if defined(__x86_64__)
    EXPECT_NE(paragraph(text, "\"there\": event").find("listen_to_the_event"), std::string::npos) << text;
#endif
    event.set();
    there.join();
}

TEST_P(DiagDump, AStreamGetsTheSameText) {
    std::ostringstream out;
    diag::dump(out, {.frames = 0});
    EXPECT_NE(out.str().find("\"main\": running"), std::string::npos) << out.str();
}

[[gnu::noinline]] void block_the_thread(const std::atomic<bool>& go_on) {
    while (!go_on.load()) {
        ::usleep(1000);
    }
    WEFT_FRAME_STAYS;
}

TEST(DiagDumpOfAPlainThread, SeesABlockedHubAndWhatBlocksIt) {
    const test::Host host;
    std::atomic<bool> blocking{false};
    std::atomic<bool> go_on{false};
    auto blocker = spawn(SpawnOptions{.name = "blocker", .hub = host.hub()}, [&] {
        blocking.store(true);
        blocking.notify_one();
        block_the_thread(go_on);
    });
    std::thread asker([&] {
        blocking.wait(false);
        const std::string text = diag::dump_text();
        EXPECT_NE(text.find(", blocked:"), std::string::npos) << text;
        EXPECT_NE(paragraph(text, "\"blocker\": running").find("block_the_thread"), std::string::npos)
            << text;
        go_on.store(true);
    });
    asker.join();
    blocker.join();
}

TEST(DiagDumpOfAPlainThread, WithoutAnyHubHasNothingToShow) {
    std::thread asker([] { EXPECT_NE(diag::dump_text().find("0 fibers on 0 hubs"), std::string::npos); });
    asker.join();
}

}  // namespace
}  // namespace weft
