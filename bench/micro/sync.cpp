// Synchronisation: uncontended, handed over between fibers of one hub, and between threads.
#include <benchmark/benchmark.h>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>

#include <cstdint>
#include <mutex>
#include <vector>

namespace {

void mutex_uncontended(benchmark::State& state) {
    weft::Mutex mutex;
    weft::run([&] {
        for (auto _ : state) {
            mutex.lock();
            mutex.unlock();
        }
    });
}
BENCHMARK(mutex_uncontended);

// One item is one fiber that waits for the mutex, has it across a yield, and ends.
void mutex_contended(benchmark::State& state) {
    weft::run([&] {
        const auto count = state.range(0);
        while (state.KeepRunningBatch(count)) {
            weft::Mutex mutex;
            std::vector<weft::Fiber<>> fibers;
            fibers.reserve(static_cast<std::size_t>(count));
            for (std::int64_t i = 0; i < count; ++i) {
                fibers.push_back(weft::spawn(weft::SpawnOptions{.stack_size = 16 * 1024}, [&mutex] {
                    const std::lock_guard guard(mutex);
                    weft::yield();
                }));
            }
            for (auto& fiber : fibers) {
                fiber.join();
            }
        }
    });
}
BENCHMARK(mutex_contended)->Arg(10'000)->Arg(100'000);

void shared_mutex_uncontended(benchmark::State& state) {
    weft::SharedMutex mutex;
    weft::run([&] {
        for (auto _ : state) {
            mutex.lock_shared();
            mutex.unlock_shared();
        }
    });
}
BENCHMARK(shared_mutex_uncontended);

void semaphore_uncontended(benchmark::State& state) {
    weft::Semaphore semaphore(1);
    weft::run([&] {
        for (auto _ : state) {
            semaphore.acquire();
            semaphore.release();
        }
    });
}
BENCHMARK(semaphore_uncontended);

// One item is one hand-off: a release and a park, as in park_without_deadline of fiber.cpp, but with the two fibers waiting
// at different places of the program.
void semaphore_hand_off_two_places(benchmark::State& state) {
    weft::run([&] {
        weft::Semaphore ping(0);
        weft::Semaphore pong(0);
        bool more = true;
        auto partner = weft::spawn([&] {
            while (ping.acquire(), more) {
                pong.release();
            }
        });
        for (auto _ : state) {
            ping.release();
            pong.acquire();
        }
        more = false;
        ping.release();
        partner.join();
    });
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(semaphore_hand_off_two_places);

void event_hand_off(benchmark::State& state) {
    weft::run([&] {
        weft::Event ping;
        weft::Event pong;
        bool more = true;
        auto partner = weft::spawn([&] {
            for (;;) {
                ping.wait();
                ping.reset();
                if (!more) {
                    return;
                }
                pong.set();
            }
        });
        for (auto _ : state) {
            ping.set();
            pong.wait();
            pong.reset();
        }
        more = false;
        ping.set();
        partner.join();
    });
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(event_hand_off);

}  // namespace
