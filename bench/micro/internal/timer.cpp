// Arming and cancelling deadlines that do not fire, with none to a million pending; see
// docs/design/timers.md.
#include "time/timer_queue.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace {

using weft::impl::TimerNode;
using weft::impl::TimerQueue;

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t longest = 60'000 * millisecond;

/// A waiter of its own cache line, as on a stack of its own.
struct alignas(64) Waiter {
    TimerNode node;
};

std::vector<std::int64_t> random_lengths(std::size_t count) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<std::int64_t> length(millisecond, longest);
    std::vector<std::int64_t> lengths(count);
    std::generate(lengths.begin(), lengths.end(), [&] { return length(random); });
    return lengths;
}

std::vector<std::uint32_t> random_order(std::size_t count) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
    return order;
}

/// One deadline comes and goes beside so many that stay.
void one_beside_pending(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    const auto lengths = random_lengths(pending + 1);
    std::vector<Waiter> waiters(pending);
    TimerQueue queue;
    for (std::size_t i = 0; i < pending; ++i) {
        queue.arm(waiters[i].node, lengths[i]);
    }
    TimerNode node;
    for (auto _ : state) {
        queue.arm(node, lengths[pending]);
        queue.cancel(node);
    }
}
BENCHMARK(one_beside_pending)->Arg(0)->Arg(1'000)->Arg(1'000'000);

/// So many are pending; in random order, each is cancelled and armed again with a new random deadline.
/// `lead` is how many turns before the waiter has been touched, as it is by whoever wakes it; 0 is not at
/// all: then the time is mostly that of fetching the waiter from memory.
void cancel_and_arm_at_random(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    const auto lead = static_cast<std::size_t>(state.range(1));
    const auto lengths = random_lengths(pending * 2);
    const auto order = random_order(pending);
    std::vector<Waiter> waiters(pending);
    TimerQueue queue;
    for (std::size_t i = 0; i < pending; ++i) {
        queue.arm(waiters[i].node, lengths[i]);
    }
    std::size_t turn = 0;
    std::size_t length = pending;
    for (auto _ : state) {
        if (lead != 0) {
            __builtin_prefetch(&waiters[order[turn + lead < pending ? turn + lead : 0]], 1);
        }
        TimerNode& node = waiters[order[turn]].node;
        queue.cancel(node);
        queue.arm(node, lengths[length]);
        turn = turn + 1 == pending ? 0 : turn + 1;
        length = length + 1 == lengths.size() ? 0 : length + 1;
    }
    state.counters["bytes"] = static_cast<double>(queue.bytes());
}
BENCHMARK(cancel_and_arm_at_random)
    ->ArgNames({"pending", "lead"})
    ->Args({1'000, 0})
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 16});

/// What this machine takes to fetch a waiter: each must have arrived before the next one is looked for.
void fetch_waiters_at_random(benchmark::State& state) {
    const auto order = random_order(static_cast<std::size_t>(state.range(0)));
    std::vector<Waiter> waiters(order.size());
    std::size_t turn = 0;
    for (auto _ : state) {
        turn += 1 + static_cast<std::size_t>(waiters[order[turn]].node.when);
        turn = turn == order.size() ? 0 : turn;
    }
    benchmark::DoNotOptimize(turn);
}
BENCHMARK(fetch_waiters_at_random)->Arg(1'000'000);

/// So many are armed, then all cancelled in random order; the time is that of one arming and one cancelling.
void arm_all_then_cancel_all(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    const auto lengths = random_lengths(pending);
    const auto order = random_order(pending);
    std::vector<Waiter> waiters(pending);
    TimerQueue queue;
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(pending))) {
        for (std::size_t i = 0; i < pending; ++i) {
            queue.arm(waiters[i].node, lengths[i]);
        }
        for (const std::uint32_t i : order) {
            queue.cancel(waiters[i].node);
        }
    }
}
BENCHMARK(arm_all_then_cancel_all)->Arg(1'000)->Arg(1'000'000);

/// The same with an ordered tree, which is what a timer queue is when nobody looks.
void multimap_at_random(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    const auto lengths = random_lengths(pending * 2);
    const auto order = random_order(pending);
    std::multimap<std::int64_t, std::size_t> queue;
    std::vector<decltype(queue)::iterator> places;
    for (std::size_t i = 0; i < pending; ++i) {
        places.push_back(queue.emplace(lengths[i], i));
    }
    std::size_t turn = 0;
    std::size_t length = pending;
    for (auto _ : state) {
        const std::uint32_t i = order[turn];
        queue.erase(places[i]);
        places[i] = queue.emplace(lengths[length], i);
        turn = turn + 1 == pending ? 0 : turn + 1;
        length = length + 1 == lengths.size() ? 0 : length + 1;
    }
}
BENCHMARK(multimap_at_random)->Arg(1'000)->Arg(1'000'000);

/// All have the same length and are cancelled in turn, so that each cancels the earliest, and the hub asks
/// each time.
void earliest_cancelled_and_asked(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    std::vector<Waiter> waiters(pending);
    TimerQueue queue;
    std::int64_t now = 0;
    for (Waiter& waiter : waiters) {
        queue.arm(waiter.node, (now += 1000) + longest);
    }
    std::size_t turn = 0;
    for (auto _ : state) {
        queue.cancel(waiters[turn].node);
        queue.arm(waiters[turn].node, (now += 1000) + longest);
        benchmark::DoNotOptimize(queue.pop_due(now));
        benchmark::DoNotOptimize(queue.next());
        turn = turn + 1 == pending ? 0 : turn + 1;
    }
}
BENCHMARK(earliest_cancelled_and_asked)->Arg(1)->Arg(1'000)->Arg(1'000'000);

/// What a pass of the hub pays while nothing is due, the clock going on by a microsecond.
void pass_with_nothing_due(benchmark::State& state) {
    TimerQueue queue;
    TimerNode node;
    std::int64_t now = 0;
    queue.arm(node, weft::impl::no_timer);
    for (auto _ : state) {
        benchmark::DoNotOptimize(queue.pop_due(now += 1000));
        benchmark::DoNotOptimize(queue.next());
    }
    queue.cancel(node);
}
BENCHMARK(pass_with_nothing_due);

/// Every deadline fires and is armed again: the whole way down through the levels.
void fire_and_arm(benchmark::State& state) {
    const auto pending = static_cast<std::size_t>(state.range(0));
    const auto lengths = random_lengths(pending);
    std::vector<Waiter> waiters(pending);
    TimerQueue queue;
    for (std::size_t i = 0; i < pending; ++i) {
        queue.arm(waiters[i].node, lengths[i]);
    }
    std::size_t length = 0;
    for (auto _ : state) {
        const std::int64_t now = queue.next();
        queue.arm(*queue.pop_due(now), now + lengths[length]);
        length = length + 1 == pending ? 0 : length + 1;
    }
}
BENCHMARK(fire_and_arm)->Arg(1)->Arg(1'000)->Arg(1'000'000);

}  // namespace
