// Scenes that are played under many seeds: what they check holds in whatever order ready fibers run.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/testing/shuffled_order.hpp>
#include <weft/testing/virtual_time.hpp>

#include "context/sanitizer.hpp"

namespace weft::test {

inline constexpr std::uint64_t seeds = WEFT_TSAN ? 50 : 1000;

using Random = std::minstd_rand;

/// Plays scene(random) once for each of `count` seeds: who runs next is drawn by lot, and so is what the scene asks `random`.
inline void under_seeds(std::uint64_t count, const std::function<void(Random&)>& scene) {
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const testing::VirtualTime time;
        const testing::ShuffledOrder order(seed);
        Random random(static_cast<Random::result_type>(seed + 1));
        scene(random);
        if (::testing::Test::HasFailure()) {
            return;
        }
    }
}

/// As many as there is time for.
inline void under_all_seeds(const std::function<void(Random&)>& scene) { under_seeds(seeds, scene); }

inline void join_all_of(const std::vector<Fiber<>>& fibers) {
    for (const auto& fiber : fibers) {
        fiber.join();
    }
}

}  // namespace weft::test
