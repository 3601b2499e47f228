// One fiber blocks the thread: all the others stand still.
// example-env: WEFT_WATCHDOG=20
// expect: weft: hub 0 (thread
// expect: ) is blocked for
// expect: computing) by fiber
// expect: "report"
// expect: write_report
// expect: 50 ticks
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

namespace {

// A call that knows nothing of fibers: it sleeps with the whole thread.
[[gnu::noinline]] void write_report() { std::this_thread::sleep_for(200ms); }

}  // namespace

int main() {
    weft::run([] {
        auto ticks = weft::spawn(weft::SpawnOptions{.name = "ticks"}, [] {
            for (int tick = 0; tick < 50; ++tick) {
                weft::sleep_for(1ms);
            }
            std::puts("50 ticks");
        });
        weft::sleep_for(10ms);
        auto report = weft::spawn(weft::SpawnOptions{.name = "report"}, [] { write_report(); });
        report.join();
        ticks.join();
    });
}
