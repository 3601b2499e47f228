// Waiting in one fiber lets the others run.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        std::vector<weft::Fiber<>> sleepers;
        for (const int number : {3, 1, 2}) {
            sleepers.push_back(weft::spawn([number] {
                weft::sleep_for(number * 100ms);
                std::printf("%d\n", number);
            }));
        }
        std::puts("all asleep, in one thread");
        for (const auto& sleeper : sleepers) sleeper.join();
        std::puts("after 0.3 seconds, not 0.6");
    });
}
// expect: all asleep, in one thread
// expect: 1
// expect: 2
// expect: 3
// expect: after 0.3 seconds, not 0.6
