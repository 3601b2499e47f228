// Threads, every other one with a hub and several fibers, that all do the same at the same time.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

namespace weft::test {

inline constexpr int threads = 4;
inline constexpr int fibers_each = 4;
inline constexpr int rounds = 300;

/// Runs body(n) in threads, every other one of them with fibers on a hub of its own, each a party of its own.
template <class Body>
void in_parties(Body body) {
    int parties = 0;
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
        const int first = parties;
        parties += t % 2 == 0 ? fibers_each : 1;
        all.emplace_back([&body, t, first] {
            if (t % 2 != 0) {
                body(first);
                return;
            }
            run([&] {
                std::vector<Fiber<>> fibers;
                for (int i = 0; i < fibers_each; ++i) {
                    fibers.push_back(spawn(std::ref(body), first + i));
                }
                for (auto& fiber : fibers) {
                    fiber.get();
                }
            });
        });
    }
    for (auto& thread : all) {
        thread.join();
    }
}

}  // namespace weft::test
