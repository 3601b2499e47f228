// Channels: handing over between fibers of one hub, through a buffer, and between two threads. channel.go does the last two.
#include <benchmark/benchmark.h>

#include <weft/channel/channel.hpp>
#include <weft/channel/select.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include <thread>

namespace {

constexpr int batch = 1000;

[[gnu::noinline]] void send_and_receive(weft::Channel<int>& out, weft::Channel<int>& in) {
    for (int i = 0; i < batch; ++i) {
        out.send(i);
        benchmark::DoNotOptimize(in.receive());
    }
}

// Both fibers run the same function (see fiber.cpp). One item is one hand-off: a send, a receive and a switch.
void channel_hand_off(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> ping;
        weft::Channel<int> pong;
        auto partner = weft::spawn([&] {
            ping.receive();
            for (;;) {
                send_and_receive(pong, ping);
            }
        });
        while (state.KeepRunningBatch(batch)) {
            send_and_receive(ping, pong);
        }
        partner.kill();
        partner.join();
    });
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(channel_hand_off);

// One fiber sends, another receives: they run different functions.
void channel_stream_unbuffered(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> channel;
        auto partner = weft::spawn([&] {
            for (;;) {
                channel.send(1);
            }
        });
        for (auto _ : state) {
            benchmark::DoNotOptimize(channel.receive());
        }
        partner.kill();
        partner.join();
    });
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(channel_stream_unbuffered);

void channel_buffered(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> channel(16);
        for (auto _ : state) {
            channel.send(1);
            benchmark::DoNotOptimize(channel.receive());
        }
    });
}
BENCHMARK(channel_buffered);

// Of four channels, the last has an item each time.
void select_one_of_four(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> silent[3];
        weft::Channel<int> channel(1);
        for (auto _ : state) {
            channel.send(1);
            weft::select(weft::on_receive(silent[0]), weft::on_receive(silent[1]),
                         weft::on_receive(silent[2]), weft::on_receive(channel));
        }
    });
}
BENCHMARK(select_one_of_four);

// There and back between the hubs of two threads, which both sleep.
void channel_ping_pong_threads(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> there;
        weft::Channel<int> back;
        std::thread other([&] {
            weft::run([&] {
                for (const int item : there) {
                    back.send(item);
                }
            });
        });
        for (auto _ : state) {
            there.send(1);
            benchmark::DoNotOptimize(back.receive());
        }
        there.close();
        other.join();
    });
}
BENCHMARK(channel_ping_pong_threads)->UseRealTime();

// From one hub to the other, through a buffer of 1024.
void channel_stream_threads(benchmark::State& state) {
    weft::run([&] {
        weft::Channel<int> channel(1024);
        std::thread other([&] {
            weft::run([&] {
                for (const int item : channel) {
                    benchmark::DoNotOptimize(item);
                }
            });
        });
        for (auto _ : state) {
            channel.send(1);
        }
        channel.close();
        other.join();
    });
}
BENCHMARK(channel_stream_threads)->UseRealTime();

}  // namespace
