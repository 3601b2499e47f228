// Slots, the pool of the process, the cache of a hub.
#include "context/stack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "support/sys_override.hpp"
#include "unit/context/fiber_fixture.hpp"

namespace weft::impl {
namespace {

std::size_t count_maps() {
    std::ifstream maps("/proc/self/maps");
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
}

std::vector<StackSlot*> acquire_many(StackPool& pool, std::size_t count) {
    std::vector<StackSlot*> slots(count);
    for (StackSlot*& slot : slots) {
        slot = pool.acquire(default_stack_size);
    }
    return slots;
}

TEST(Stack, ClassesArePowersOfTwoThatHoldTheAskedSize) {
    EXPECT_EQ(stack_class_size(stack_class_of(0)), min_stack_size);
    EXPECT_EQ(stack_class_size(stack_class_of(min_stack_size)), min_stack_size);
    EXPECT_EQ(stack_class_size(stack_class_of(min_stack_size + 1)), 2 * min_stack_size);
    EXPECT_EQ(stack_class_size(stack_class_of(default_stack_size)), default_stack_size);
    EXPECT_EQ(stack_class_size(stack_class_of(default_stack_size + 1)), 2 * default_stack_size);
    EXPECT_EQ(stack_class_of(max_stack_size), stack_class_count - 1);
    EXPECT_EQ(stack_class_of(max_stack_size + 1), stack_class_count);
}

TEST(Stack, EveryByteFromLimitToTopIsUsable) {
    StackPool pool;
    for (const std::size_t size :
         {std::size_t{1}, min_stack_size, default_stack_size, std::size_t{1} << 20}) {
        StackSlot* slot = pool.acquire(size);
        EXPECT_GE(slot->size() + page_size, size);
        std::memset(slot->limit, 0xAB, slot->size());
        EXPECT_EQ(slot->top, reinterpret_cast<std::byte*>(slot));
        EXPECT_TRUE(canary_ok(*slot));
        pool.release(slot);
    }
}

TEST(Stack, TopsSpreadOverTheLinesOfAPageAndLeaveRoomInIt) {
    StackPool pool;
    std::set<std::size_t> offsets;
    for (const StackSlot* slot : acquire_many(pool, 60)) {
        const std::size_t offset = reinterpret_cast<std::uintptr_t>(slot->top) % page_size;
        EXPECT_GE(offset, 2560u)
            << "a control block and the frames of a parked fiber fit below it in the page";
        offsets.insert(offset);
    }
    EXPECT_GE(offsets.size(), 20u);
}

TEST(Stack, StacksLieApartByMoreThanTheirGuards) {
    StackPool pool;
    std::vector<StackSlot*> slots = acquire_many(pool, 200);
    std::sort(slots.begin(), slots.end());
    for (std::size_t i = 1; i < slots.size(); ++i) {
        EXPECT_GE(slots[i]->limit - slots[i - 1]->top, static_cast<std::ptrdiff_t>(guard_size));
    }
}

TEST(Stack, TheLastReleasedIsTheNextAcquired) {
    StackCache stacks;
    StackSlot* first = stacks.acquire();
    StackSlot* second = stacks.acquire();
    stacks.release(second);
    stacks.release(first);
    EXPECT_EQ(stacks.acquire(), first);
    EXPECT_EQ(stacks.acquire(), second);
    stacks.release(first);
    stacks.release(second);
}

TEST(Stack, ADestroyedCacheLeavesItsStacksToOthers) {
    StackPool pool;
    std::set<StackSlot*> first;
    {
        StackCache stacks(pool);
        std::generate_n(std::inserter(first, first.end()), 100, [&] { return stacks.acquire(); });
        std::for_each(first.begin(), first.end(), [&](StackSlot* slot) { stacks.release(slot); });
    }
    StackCache stacks(pool);
    std::set<StackSlot*> second;
    std::generate_n(std::inserter(second, second.end()), 200, [&] { return stacks.acquire(); });
    EXPECT_TRUE(std::includes(second.begin(), second.end(), first.begin(), first.end()));
}

TEST(Stack, ACacheTakesStacksItDidNotGiveOutAndPassesMostOfThemOn) {
    StackPool pool;
    std::vector<StackSlot*> slots = acquire_many(pool, 5000);
    {
        StackCache stacks(pool);
        for (StackSlot* slot : slots) {
            stacks.release(slot);
        }
    }
    std::vector<StackSlot*> again = acquire_many(pool, 5000);
    std::sort(slots.begin(), slots.end());
    std::sort(again.begin(), again.end());
    EXPECT_EQ(slots, again) << "each came back exactly once";
}

TEST(Stack, AStackGivenBackLosesItsDepthAndKeepsItsTopPage) {
    StackPool pool;
    StackSlot* slot = pool.acquire(default_stack_size);
    std::byte* deep = slot->top - 2 * page_size;
    std::byte* control_block = slot->top - 512;
    *deep = std::byte{1};
    *control_block = std::byte{2};
    pool.release(slot);
    EXPECT_EQ(*control_block, std::byte{2}) << "a stale pointer to a control block must read what was there";
    EXPECT_EQ(*deep, std::byte{0});
    EXPECT_EQ(pool.acquire(default_stack_size), slot);
}

TEST(Stack, AddressesAreFoundInTheirStacks) {
    StackPool pool;
    StackSlot* slot = pool.acquire(default_stack_size);
    EXPECT_EQ(stack_containing(slot->limit).slot, slot);
    EXPECT_FALSE(stack_containing(slot->limit).in_guard);
    EXPECT_EQ(stack_containing(slot).slot, slot);
    EXPECT_EQ(stack_containing(slot->limit - 1).slot, slot);
    EXPECT_TRUE(stack_containing(slot->limit - 1).in_guard);
    EXPECT_TRUE(stack_containing(slot->limit - guard_size).in_guard);
    int on_own_stack = 0;
    EXPECT_EQ(stack_containing(&on_own_stack).slot, nullptr);
    EXPECT_EQ(stack_containing(slot->limit + default_stack_size + guard_size).slot, nullptr) << "not cut yet";
}

TEST(Stack, TooLargeAStackIsRefusedWithTheLimitInTheText) {
    StackCache stacks;
    try {
        static_cast<void>(stacks.acquire(max_stack_size + 1));
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::invalid_argument);
        EXPECT_THAT(error.what(), testing::HasSubstr("at most 1048576 KiB"));
    }
}

void* no_memory(void*, std::size_t, int, int, int, off_t) {
    errno = ENOMEM;
    return MAP_FAILED;
}

TEST(Stack, NoRoomIsASystemErrorThatNamesTheLimitsAndPassesByItself) {
    StackPool pool;
    StackCache stacks(pool);
    {
        const SysOverride fault(&Sys::mmap, no_memory);
        try {
            static_cast<void>(stacks.acquire());
            FAIL();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::not_enough_memory);
            EXPECT_THAT(error.what(), testing::HasSubstr("256 KiB"));
            EXPECT_THAT(error.what(), testing::HasSubstr("vm.max_map_count"));
            EXPECT_THAT(error.what(), testing::HasSubstr("RLIMIT_AS"));
        }
    }
    EXPECT_NE(stacks.acquire(), nullptr);
}

void* only_small(void* at, std::size_t length, int protection, int flags, int fd, off_t offset) {
    if (length > std::size_t{2} << 20) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return ::mmap(at, length, protection, flags, fd, offset);
}

TEST(Stack, NearALimitSmallerMappingsServe) {
    StackPool pool;
    const SysOverride fault(&Sys::mmap, only_small);
    const auto slots = acquire_many(pool, 20);
    EXPECT_EQ(std::set<StackSlot*>(slots.begin(), slots.end()).size(), 20u);
}

int mmap_calls = 0;

void* counted_mmap(void* at, std::size_t length, int protection, int flags, int fd, off_t offset) {
    ++mmap_calls;
    return ::mmap(at, length, protection, flags, fd, offset);
}

TEST(Stack, AHundredThousandCreateRunFinishCyclesNeedNoMoreMappings) {
    Thread thread;
    {
        const Routine warm_up(thread, [](Routine&) {});
    }
    const SysOverride counter(&Sys::mmap, counted_mmap);
    mmap_calls = 0;
    int runs = 0;
    for (int i = 0; i < 100'000; ++i) {
        Routine routine(thread, [&](Routine&) { ++runs; });
        routine.resume();
    }
    EXPECT_EQ(runs, 100'000);
    EXPECT_EQ(mmap_calls, 0);
}

TEST(Stack, GuardMarkersCostNoMappings) {
    StackPool pool;
    const std::size_t before = count_maps();
    const auto slots = acquire_many(pool, 5000);
    ASSERT_EQ(slots.back()->guard, Guard::pages);
    std::byte* guard = slots.back()->limit - guard_size;
    if (::madvise(guard, guard_size, 102) != 0) {
        GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
    }
    // There may be fewer than before: the allocator's own neighbours grow together.
    EXPECT_LT(count_maps(), before + 100) << "a mapping per slab, not per stack";
}

TEST(Stack, ThreadsNeverGetTheSameStackAtOnce) {
    StackPool pool;
    std::atomic<int> collisions{0};
    const auto work = [&] {
        StackCache stacks(pool);
        std::vector<StackSlot*> held(300);
        for (int round = 0; round < 10; ++round) {
            for (StackSlot*& slot : held) {
                slot = stacks.acquire();
                auto& owner = *reinterpret_cast<std::uint64_t*>(slot->top - 64);
                collisions += owner != 0;
                owner = 1;
            }
            for (StackSlot* slot : held) {
                *reinterpret_cast<std::uint64_t*>(slot->top - 64) = 0;
                // Half of them by way of the pool, so that they change threads.
                if (reinterpret_cast<std::uintptr_t>(slot) / 64 % 2 == 0) {
                    pool.release(slot);
                } else {
                    stacks.release(slot);
                }
            }
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back(work);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(collisions, 0);
}

TEST(StackUnderLeakChecker, WhatOnlyAParkedStackRefersToIsNotLost) {
#if !WEFT_ASAN
    GTEST_SKIP() << "this build has no leak checker";
#endif
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto abandon = [] {
        Thread thread;
        Routine routine(thread, [](Routine& self) {
            const auto memory = std::make_unique<char[]>(1000);
            self.pause();
        });
        routine.resume();
        std::exit(0);
    };
    EXPECT_EXIT(abandon(), testing::ExitedWithCode(0), "");
}

struct Parked {
    Execution self;
    Thread* thread;
};

Execution* park(void* argument) {
    auto& parked = *static_cast<Parked*>(argument);
    switch_context(parked.self, parked.thread->main, parked.thread->context);
    return &parked.thread->main;
}

/// A value in KiB of /proc/self/status.
std::size_t status_kib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) {
            return std::stoul(line.substr(name.size() + 1));
        }
    }
    return 0;
}

TEST(StackHuge, TwoHundredThousandParkedContextsLiveInAPageEach) {
#if WEFT_ASAN || WEFT_TSAN
    GTEST_SKIP() << "a sanitizer's own memory per stack is many times what is measured here";
#endif
    constexpr std::size_t count = 200'000;
    Thread thread;
    const std::size_t before = status_kib("VmRSS") + status_kib("VmPTE");
    std::vector<StackSlot*> slots;
    slots.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        StackSlot* slot = thread.stacks.acquire();
        slots.push_back(slot);
        // The control block in the top page of its own stack, as core has it.
        auto* parked = new (slot->top - 512) Parked{.self = {}, .thread = &thread};
        prepare_context(parked->self, *slot, slot->top - 512, park, parked);
        switch_context(thread.main, parked->self, thread.context);
    }
    const std::size_t bytes = (status_kib("VmRSS") + status_kib("VmPTE") - before) * 1024 / count;
    EXPECT_LE(bytes, 4900u);
    RecordProperty("bytes_per_context", static_cast<int>(bytes));
    for (StackSlot* slot : slots) {
        EXPECT_EQ(slot->guard, Guard::pages);
        thread.stacks.release(slot);
    }
}

}  // namespace
}  // namespace weft::impl
