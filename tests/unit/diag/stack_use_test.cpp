// What fibers use of their stacks is measured, and what they need recommended.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/diag/stacks.hpp>
#include <weft/sync/event.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/observer.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

constexpr std::size_t much = 40'000;

/// Uses `much` of the stack and gives it back before it waits.
[[gnu::noinline]] void dig_deep() {
    char room[much];
    std::memset(room, 1, sizeof room);
    asm volatile("" ::"r"(room) : "memory");
}

diag::StackUse of_fibers_named(const std::string& name) {
    for (const diag::StackUse& use : diag::stack_use()) {
        if (use.name == name) {
            return use;
        }
    }
    ADD_FAILURE() << "no fiber named " << name;
    return {};
}

class StackUse : public test::HubTest {
protected:
    ~StackUse() override { impl::fibers_observed.store(false); }
};
INSTANTIATE_TEST_SUITE_P(, StackUse, ::testing::Values(test::Clock::virtual_time, test::Clock::libev),
                         ::testing::PrintToStringParamName());

TEST_P(StackUse, OfFibersAliveIsKnownByThePage) {
    Event event;
    auto deep = spawn(SpawnOptions{.name = "deep", .stack_size = 512 * 1024}, [&] {
        dig_deep();
        event.wait();
    });
    testing::wait_all_parked();
    const diag::StackUse use = of_fibers_named("deep");
    EXPECT_EQ(use.fibers, 1U);
    EXPECT_GE(use.deepest, much);
    EXPECT_LT(use.deepest, use.stack_size);
    EXPECT_GE(use.recommended, 2 * use.deepest);
    EXPECT_NE(use.spawned_at.find("unit_diag+0x"), std::string::npos) << use.spawned_at;
    event.set();
}

TEST_P(StackUse, OfFilledStacksIsExactAndOutlastsTheFiber) {
    diag::fill_stacks();
    for (int i = 0; i < 3; ++i) {
        spawn(SpawnOptions{.name = "exact", .stack_size = 256 * 1024}, [] { dig_deep(); }).join();
    }
    const diag::StackUse use = of_fibers_named("exact");
    EXPECT_GE(use.fibers, 3U);
    EXPECT_GE(use.deepest, much);
#if !WEFT_ASAN && !WEFT_TSAN
    EXPECT_LT(use.deepest, much + 4096) << "but for the frames around it";
#endif
    EXPECT_LT(use.deepest, use.stack_size);
}

TEST_P(StackUse, TheReportNamesThePlace) {
    Event event;
    auto fiber = spawn(SpawnOptions{.name = "reported"}, [&] { event.wait(); });
    testing::wait_all_parked();
    const std::string report = diag::stack_report();
    EXPECT_NE(report.find("\"reported\""), std::string::npos) << report;
    event.set();
}

}  // namespace
}  // namespace weft
