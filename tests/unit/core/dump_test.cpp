// The dump of fibers shows each one that is there, once, as what it is.
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <sstream>
#include <string>

#include <weft/core/dump.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

/// The fibers of a dump by state, without the main fiber, which runs.
struct Shown {
    int not_started = 0;
    int ready = 0;
    int waiting = 0;

    friend bool operator==(const Shown&, const Shown&) = default;
    friend void PrintTo(const Shown& shown, std::ostream* out) {
        *out << shown.not_started << " not started, " << shown.ready << " ready, " << shown.waiting
             << " waiting";
    }
};

Shown shown() {
    Shown count{.ready = -1};
    std::istringstream dump(dump_fibers());
    for (std::string line; std::getline(dump, line);) {
        count.not_started += line.ends_with(": not started") ? 1 : 0;
        count.ready += line.ends_with(": ready or running") ? 1 : 0;
        count.waiting += line.find(": waits: ") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(static_cast<std::size_t>(count.not_started + count.ready + count.waiting),
              impl::Hub::current()->live_fibers);
    return count;
}

WEFT_HUB_SUITE(Dump);

// CONFORMANCE 295
TEST_P(Dump, CountsEachFiberInTheStateThatItIsIn) {
    EXPECT_EQ(shown(), Shown{});
    const test::Host elsewhere;
    Event event;
    auto lazy = spawn(SpawnOptions{.lazy = true}, [&] { event.wait(); });
    auto sleeper = spawn([] { sleep_for(1h); });
    EXPECT_EQ(shown(), (Shown{.not_started = 2}));
    testing::wait_all_parked();
    EXPECT_EQ(shown(), (Shown{.not_started = 1, .waiting = 1})) << "the lazy one has to be told";
    lazy.start();
    EXPECT_EQ(shown(), (Shown{.not_started = 1, .waiting = 1}));
    testing::wait_all_parked();
    EXPECT_EQ(shown(), (Shown{.waiting = 2}));
    event.set();
    EXPECT_EQ(shown(), (Shown{.ready = 1, .waiting = 1})) << "what it waits for has happened";
    lazy.join();
    EXPECT_EQ(shown(), (Shown{.waiting = 1})) << "its handle is still there";
    sleeper.kill();
    EXPECT_EQ(shown(), (Shown{.ready = 1}));
    sleeper.join();
    EXPECT_EQ(shown(), Shown{});
}

TEST_P(Dump, CountsAlsoThoseThatAreCancelledAndThoseWithoutAHandle) {
    spawn_detached([] {
        const Shield shield;
        sleep_for(2ms);
    });
    auto shielded = spawn([] {
        const Shield shield;
        sleep_for(2ms);
    });
    auto unstarted = spawn([] {});
    EXPECT_EQ(shown(), (Shown{.not_started = 3}));
    unstarted.kill();
    EXPECT_EQ(shown(), (Shown{.not_started = 3})) << "it ends when its turn comes";
    testing::wait_all_parked();
    EXPECT_EQ(shown(), (Shown{.waiting = 2}));
    shielded.cancel();
    EXPECT_EQ(shown(), (Shown{.waiting = 2}));
    const TimePoint end = now() + 2ms;
    auto last = spawn([=] { sleep_until(end); });
    last.join();
    testing::wait_all_parked();
    EXPECT_EQ(shown(), Shown{});
}

}  // namespace
}  // namespace weft
