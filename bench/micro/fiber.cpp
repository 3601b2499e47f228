// Fibers: switching, starting and joining, waiting with and without a limit, waking from another thread.
//
// Two fibers that switch to and fro run the same function here, as the connections of a server do. Where they wait at
// different places of a program, the processor guesses the last return wrongly: some 5 ns more (yield_two_places).
#include <benchmark/benchmark.h>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/semaphore.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr int batch = 1000;

[[gnu::noinline]] void yield_often(int times) {
    for (int i = 0; i < times; ++i) {
        weft::yield();
        benchmark::ClobberMemory();
    }
}

[[gnu::noinline]] void yield_often_elsewhere(int times) {
    for (int i = 0; i < times; ++i) {
        benchmark::ClobberMemory();
        weft::yield();
    }
}

void yield_between(benchmark::State& state, void (*partners)(int)) {
    weft::run([&] {
        bool more = true;
        auto partner = weft::spawn([&] {
            while (more) {
                partners(batch);
            }
        });
        while (state.KeepRunningBatch(batch)) {
            yield_often(batch);
        }
        more = false;
        partner.join();
    });
    // One item is one switch: each iteration goes there and back.
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}

void yield(benchmark::State& state) { yield_between(state, &yield_often); }
BENCHMARK(yield);

void yield_two_places(benchmark::State& state) { yield_between(state, &yield_often_elsewhere); }
BENCHMARK(yield_two_places);

void yield_alone(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            weft::yield();
        }
    });
}
BENCHMARK(yield_alone);

void spawn_join(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            auto fiber = weft::spawn([] {});
            fiber.join();
        }
    });
}
BENCHMARK(spawn_join);

void spawn_join_thousand(benchmark::State& state) {
    weft::run([&] {
        std::vector<weft::Fiber<>> fibers;
        fibers.reserve(batch);
        while (state.KeepRunningBatch(batch)) {
            for (int i = 0; i < batch; ++i) {
                fibers.push_back(weft::spawn([] {}));
            }
            fibers.clear();
        }
    });
}
BENCHMARK(spawn_join_thousand);

[[gnu::noinline]] void take_and_give(weft::Semaphore& mine, weft::Semaphore& others, weft::Deadline limit) {
    for (int i = 0; i < batch; ++i) {
        others.release();
        mine.acquire(limit);
    }
}

// Each iteration is two hand-offs: two releases, two parks.
void park(benchmark::State& state, weft::Deadline limit) {
    weft::run([&] {
        weft::Semaphore ping(0);
        weft::Semaphore pong(0);
        auto partner = weft::spawn([&] {
            for (;;) {
                take_and_give(pong, ping, limit);
            }
        });
        while (state.KeepRunningBatch(batch)) {
            take_and_give(ping, pong, limit);
        }
        partner.kill();
        partner.join();
    });
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}

void park_without_deadline(benchmark::State& state) { park(state, weft::never); }
BENCHMARK(park_without_deadline);

void park_with_deadline(benchmark::State& state) { park(state, std::chrono::steady_clock::now() + 1h); }
BENCHMARK(park_with_deadline);

void park_with_timeout(benchmark::State& state) { park(state, 1h); }
BENCHMARK(park_with_timeout);

void fail_after_without_wait(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            weft::fail_after(1h, [] { benchmark::ClobberMemory(); });
        }
    });
}
BENCHMARK(fail_after_without_wait);

// There and back: a release on this hub wakes a fiber of the other, whose release wakes this one. Both hubs sleep.
void wake_from_another_thread(benchmark::State& state) {
    weft::run([&] {
        weft::Semaphore there(0);
        weft::Semaphore back(0);
        std::atomic<bool> more{true};
        std::thread other([&] {
            weft::run([&] {
                while (there.acquire(), more.load()) {
                    back.release();
                }
            });
        });
        for (auto _ : state) {
            there.release();
            back.acquire();
        }
        more = false;
        there.release();
        other.join();
    });
}
BENCHMARK(wake_from_another_thread)->UseRealTime();

}  // namespace
