// Scopes and task groups: what they cost where nothing is cancelled.
#include <benchmark/benchmark.h>

#include <weft/core/run.hpp>
#include <weft/scope/cancel_scope.hpp>
#include <weft/scope/scope.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/scope/timeout.hpp>

#include <chrono>

namespace {

using namespace std::chrono_literals;

constexpr int members = 1000;

void timeout_without_wait(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            const weft::Timeout limit(1h);
            benchmark::ClobberMemory();
        }
    });
}
BENCHMARK(timeout_without_wait);

void move_on_after_without_wait(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            weft::move_on_after(1h, [] { benchmark::ClobberMemory(); });
        }
    });
}
BENCHMARK(move_on_after_without_wait);

void cancel_scope_without_wait(benchmark::State& state) {
    weft::run([&] {
        for (auto _ : state) {
            weft::CancelScope scope(1h);
            scope.run([] { benchmark::ClobberMemory(); });
        }
    });
}
BENCHMARK(cancel_scope_without_wait);

// One item is one member, from its spawn to the end of the group.
void task_group_thousand(benchmark::State& state) {
    weft::run([&] {
        while (state.KeepRunningBatch(members)) {
            weft::task_group([](weft::TaskGroup& group) {
                for (int i = 0; i < members; ++i) {
                    group.spawn([] {});
                }
            });
        }
    });
}
BENCHMARK(task_group_thousand);

}  // namespace
