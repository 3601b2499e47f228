// A test of something that takes an hour, done at once: the clock jumps when every fiber waits.
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
    weft::testing::VirtualTime time;
    int beats = 0;
    auto heart = weft::spawn([&] {
        for (;;) {
            weft::sleep_for(10min);
            ++beats;
        }
    });
    const weft::TimePoint start = weft::now();
    weft::sleep_for(1h + 1s);
    std::printf("%d beats in %ld minutes\n", beats,
                static_cast<long>((weft::now() - start) / std::chrono::minutes(1)));
}
// expect: 6 beats in 60 minutes
