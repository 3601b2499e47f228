// Three ways to limit a wait.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

void take_an_hour() { weft::sleep_for(1h); }

int main() {
    weft::run([] {
        // One call: its last parameter.
        weft::Event event;
        try {
            event.wait(20ms);
        } catch (const weft::TimeoutError& error) {
            std::printf("one call: %s\n", error.what());
        }

        // A block, with an error at the limit.
        try {
            weft::fail_after(20ms, take_an_hour);
        } catch (const weft::TimeoutError& error) {
            std::printf("a block: %s\n", error.what());
        }

        // A block that may stay unfinished.
        if (!weft::move_on_after(20ms, take_an_hour)) std::puts("moved on");

        // Limits nest. The outer one ends here first, and the inner one lets it pass.
        weft::move_on_after(20ms, [] {
            weft::fail_after(2h, take_an_hour);
            std::puts("this is never printed");
        });

        // A time point is one limit for several calls.
        const weft::TimePoint by = weft::now() + 20ms;
        weft::sleep_for(10ms);
        try {
            event.wait(by);
        } catch (const weft::TimeoutError&) {
            std::puts("20 ms in all");
        }
    });
}
// expect: one call:
// expect: a block:
// expect: moved on
// expect: 20 ms in all
