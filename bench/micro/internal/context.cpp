// What a switch and a stack cost; the bare jump (raw_jump) in the same binary is what nothing can beat.
#include <benchmark/benchmark.h>

#include <vector>

#include "context/stack.hpp"
#include "context/switch.hpp"

namespace weft::impl {
namespace {

struct Pair {
    Execution main;
    Execution partner;
    ThreadContext thread = init_thread_context();
};

Execution* pair_partner(void* argument) {
    auto& pair = *static_cast<Pair*>(argument);
    for (;;) {
        switch_context(pair.partner, pair.main, pair.thread);
    }
}

void switch_context_ping_pong(benchmark::State& state) {
    StackCache stacks;
    StackSlot* slot = stacks.acquire();
    Pair pair;
    init_thread_execution(pair.main);
    prepare_context(pair.partner, *slot, slot->top, pair_partner, &pair);
    for (auto _ : state) {
        switch_context(pair.main, pair.partner, pair.thread);
    }
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
    stacks.release(slot);
}
BENCHMARK(switch_context_ping_pong);

void stack_acquire_release(benchmark::State& state) {
    StackCache stacks;
    for (auto _ : state) {
        StackSlot* slot = stacks.acquire();
        benchmark::DoNotOptimize(slot);
        stacks.release(slot);
    }
}
BENCHMARK(stack_acquire_release);

Execution* start_and_exit(void* argument) {
    auto& pair = *static_cast<Pair*>(argument);
    return &pair.main;
}

/// A flow of control from nothing to nothing: stack, first switch, last switch.
void context_create_run_finish(benchmark::State& state) {
    StackCache stacks;
    Pair pair;
    init_thread_execution(pair.main);
    for (auto _ : state) {
        StackSlot* slot = stacks.acquire();
        prepare_context(pair.partner, *slot, slot->top, start_and_exit, &pair);
        switch_context(pair.main, pair.partner, pair.thread);
        stacks.release(slot);
    }
}
BENCHMARK(context_create_run_finish);

/// More stacks at once than a hub keeps warm: the exchange with the pool, and the memory given back to the
/// kernel.
void stack_burst(benchmark::State& state) {
    StackCache stacks;
    std::vector<StackSlot*> slots(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        for (StackSlot*& slot : slots) {
            slot = stacks.acquire();
        }
        for (StackSlot* slot : slots) {
            stacks.release(slot);
        }
    }
    state.SetItemsProcessed(state.range(0) * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(stack_burst)->Arg(100)->Arg(1000)->Arg(20000);

}  // namespace
}  // namespace weft::impl
