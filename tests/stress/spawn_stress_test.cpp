// Many fibers, one after another and all at once.
#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include "context/sanitizer.hpp"
#include "support/process_status.hpp"
#include "support/sys_override.hpp"

namespace weft {
namespace {

int mappings = 0;

void* counted_mmap(void* at, std::size_t length, int protection, int flags, int fd, off_t offset) {
    ++mappings;
    return ::mmap(at, length, protection, flags, fd, offset);
}

// CONFORMANCE 64
TEST(SpawnStress, AHundredThousandFibersOneAfterAnotherLeaveTheMemoryAsItWas) {
    run([] {
        int ran = 0;
        const auto cycles = [&](int count) {
            for (int i = 0; i < count; ++i) {
                spawn([&] { ++ran; }).join();
            }
        };
        cycles(1000);
        const impl::SysOverride counter(&impl::Sys::mmap, counted_mmap);
        mappings = 0;
        [[maybe_unused]] const long before = test::status_kib("VmRSS");
        cycles(100'000);
        EXPECT_EQ(ran, 101'000);
        EXPECT_EQ(mappings, 0);
#if !WEFT_ASAN && !WEFT_TSAN  // which keep freed memory and grow by themselves
        EXPECT_LE(test::status_kib("VmRSS") - before, 256);
#endif
    });
}

TEST(SpawnStressHuge, TwoHundredThousandParkedFibersCostAPageEachAndAllOfThemWakeUp) {
    static constexpr long count = 200'000;
    run([] {
        long woken = 0;
        std::vector<Fiber<>> fibers;
        fibers.reserve(count);
        [[maybe_unused]] const long before = test::status_kib("VmRSS") + test::status_kib("VmPTE");
        for (long i = 0; i < count; ++i) {
            fibers.push_back(spawn([&] {
                yield();
                ++woken;
            }));
        }
        yield();  // all of them run up to their own yield()
#if !WEFT_ASAN && !WEFT_TSAN
        const long bytes = (test::status_kib("VmRSS") + test::status_kib("VmPTE") - before) * 1024 / count;
        std::printf("a parked fiber takes %ld bytes, page tables included\n", bytes);
        EXPECT_LE(bytes, 4900);
#endif
        for (auto& fiber : fibers) {
            fiber.join();
        }
        EXPECT_EQ(woken, count);
    });
}

}  // namespace
}  // namespace weft
