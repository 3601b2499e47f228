// Waiting for the first, for some, for all.
#include <weft/weft.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        std::vector<weft::Fiber<int>> answers;
        for (const int tens : {3, 1, 2}) {
            answers.push_back(weft::spawn([tens] {
                weft::sleep_for(tens * 10ms);
                return tens;
            }));
        }
        for (auto& answer : weft::as_finished(answers)) {
            std::printf("%d\n", answer.get());
        }

        weft::Event stop;
        auto work = weft::spawn([] { weft::sleep_for(1h); });
        auto user = weft::spawn_later(5ms, [&] { stop.set(); });
        const char* const names[] = {"the work is done", "stopped"};
        std::puts(names[weft::wait_any({work, stop})]);

        std::array mirrors{weft::spawn([] { weft::sleep_for(5ms); }),
                           weft::spawn([] { weft::sleep_for(1h); }),
                           weft::spawn([] { weft::sleep_for(1ms); })};
        const auto two = weft::wait(mirrors, 2, 1s);  // the first two, if they come within a second
        std::printf("mirrors %zu and %zu\n", two[0], two[1]);
        weft::cancel_all(mirrors);
    });
}
// expect: 1
// expect: 2
// expect: 3
// expect: stopped
// expect: mirrors 2 and 0
