// The ladder of guards, rung by rung: each kernel call below made to fail as an older or fuller system would.
#include "context/guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "context/stack.hpp"
#include "support/sys_override.hpp"

namespace weft::impl {
namespace {

int marker_calls = 0;
int mprotect_calls = 0;

/// A kernel before 6.13.
int no_markers(void* at, std::size_t length, int advice) {
    if (advice == 102) {
        ++marker_calls;
        errno = EINVAL;
        return -1;
    }
    return ::madvise(at, length, advice);
}

int counted_mprotect(void* at, std::size_t length, int protection) {
    ++mprotect_calls;
    return ::mprotect(at, length, protection);
}

int no_mprotect(void*, std::size_t, int) {
    ++mprotect_calls;
    errno = ENOMEM;
    return -1;
}

/// vm.max_map_count as it would be read.
ssize_t read_twenty(int, void* out, std::size_t) {
    std::memcpy(out, "20\n", 3);
    return 3;
}

class GuardLadderTest : public testing::Test {
protected:
    void SetUp() override {
        marker_calls = 0;
        mprotect_calls = 0;
    }

    std::vector<Guard> guards_of(int count) {
        std::vector<Guard> guards;
        for (int i = 0; i < count; ++i) {
            guards.push_back(pool_.acquire(default_stack_size)->guard);
        }
        return guards;
    }

    SysOverride<decltype(Sys::madvise)> old_kernel_{&Sys::madvise, no_markers};
    StackPool pool_;
};

TEST_F(GuardLadderTest, AKernelWithoutMarkersIsAskedOnceAndThenPagesAreProtected) {
    const SysOverride counter(&Sys::mprotect, counted_mprotect);
    EXPECT_THAT(guards_of(10), testing::Each(Guard::pages));
    EXPECT_EQ(marker_calls, 1);
    EXPECT_EQ(mprotect_calls, 10);
}

TEST_F(GuardLadderTest, AProtectedPageStopsAnOverflow) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    StackSlot* slot = pool_.acquire(default_stack_size);
    EXPECT_DEATH(*reinterpret_cast<volatile char*>(slot->limit - 1) = 1, "");
    EXPECT_DEATH(*reinterpret_cast<volatile char*>(slot->limit - guard_size) = 1, "");
}

TEST_F(GuardLadderTest, AtHalfOfTheMappingsTheCanaryTakesOver) {
    const SysOverride counter(&Sys::mprotect, counted_mprotect);
    const SysOverride limit(&Sys::read, read_twenty);
    testing::internal::CaptureStderr();
    const std::vector<Guard> guards = guards_of(10);
    const std::string warning = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(guards.begin(), guards.end(), Guard::pages), 5);
    EXPECT_TRUE(std::is_sorted(guards.begin(), guards.end()));
    EXPECT_EQ(mprotect_calls, 5);
    EXPECT_THAT(warning, testing::HasSubstr("vm.max_map_count"));
    EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1) << warning;
}

TEST_F(GuardLadderTest, WhereMappingsRunOutTheCanaryTakesOverWithOneWarning) {
    const SysOverride full(&Sys::mprotect, no_mprotect);
    testing::internal::CaptureStderr();
    EXPECT_THAT(guards_of(10), testing::Each(Guard::canary));
    const std::string warning = testing::internal::GetCapturedStderr();
    EXPECT_EQ(mprotect_calls, 1);
    EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1) << warning;
}

TEST_F(GuardLadderTest, TheCanarySeesAnOverflowAndNothingElse) {
    const SysOverride full(&Sys::mprotect, no_mprotect);
    testing::internal::CaptureStderr();
    StackSlot* slot = pool_.acquire(default_stack_size);
    testing::internal::GetCapturedStderr();
    std::memset(slot->limit, 0xAB, slot->size());
    EXPECT_TRUE(canary_ok(*slot));
    *(slot->limit - 1) = std::byte{1};
    EXPECT_FALSE(canary_ok(*slot));
}

}  // namespace
}  // namespace weft::impl
