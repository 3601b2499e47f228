// Fibers whose stacks overflow, or for whose stacks there is no room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include "context/stack.hpp"
#include "support/sys_override.hpp"

namespace weft {
namespace {

constexpr int endless = 1'000'000'000;

/// Writes to all of its frames, which are a little more than 256 bytes each.
__attribute__((noinline)) int recurse(int depth) {
    volatile char frame[256];
    for (volatile char& byte : frame) {
        byte = 1;
    }
    return depth == 0 ? 0 : recurse(depth - 1) + frame[0];
}

class StackFault : public ::testing::Test {
protected:
    void SetUp() override { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

// CONFORMANCE 26
TEST_F(StackFault, AnOverflowNamesTheFiberThatOverflowedAndNotItsNeighbours) {
    const auto overflow = [] {
        run([] {
            const auto idle = spawn({.name = "idle"}, [] { sleep_for(std::chrono::hours(1)); });
            const auto greedy = spawn({.name = "greedy"}, recurse, endless);
            sleep_for(std::chrono::hours(1));
        });
    };
    EXPECT_DEATH(overflow(),
                 "weft: stack overflow in fiber \"greedy\" \\(id [0-9]+\\): its stack has 256 KiB");
}

void* no_memory(void*, std::size_t, int, int, int, off_t) {
    errno = ENOMEM;
    return MAP_FAILED;
}

TEST_F(StackFault, NoRoomForAStackIsAnErrorOfSpawnAndTheProgramGoesOn) {
    run([] {
        int ran = 0;
        auto before = spawn([&] { ++ran; });
        // A size of which the process has none yet, so that the next one must come from the kernel.
        const SpawnOptions large{.name = "large", .stack_size = std::size_t{5} << 20};
        {
            const impl::SysOverride fault(&impl::Sys::mmap, no_memory);
            try {
                auto never = spawn(large, [&] { ran += 100; });
                FAIL();
            } catch (const std::system_error& error) {
                EXPECT_EQ(error.code(), std::errc::not_enough_memory);
                EXPECT_THAT(error.what(), ::testing::HasSubstr("8192 KiB"));
                EXPECT_THAT(error.what(), ::testing::HasSubstr("vm.max_map_count"));
            }
            spawn([&] { ++ran; }).join();
        }
        spawn(large, [&] { ++ran; }).join();
        before.join();
        EXPECT_EQ(ran, 3);
    });
}

int no_markers(void* at, std::size_t length, int advice) {
    if (advice == 102) {
        errno = EINVAL;
        return -1;
    }
    return ::madvise(at, length, advice);
}

int no_mprotect(void*, std::size_t, int) {
    errno = ENOMEM;
    return -1;
}

TEST_F(StackFault, WithoutGuardPagesAnOverflowIsFoundAtTheNextWait) {
    const auto overflow = [] {
        const impl::SysOverride old_kernel(&impl::Sys::madvise, no_markers);
        const impl::SysOverride full(&impl::Sys::mprotect, no_mprotect);
        run([] {
            spawn({.name = "greedy", .stack_size = impl::min_stack_size}, [] {
                recurse(64);
                yield();
            }).join();
        });
    };
    EXPECT_DEATH(overflow(),
                 "from now on stacks have no guard pages(.|\n)*\"greedy\" has overflown its stack");
}

}  // namespace
}  // namespace weft
