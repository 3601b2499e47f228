// Who is there, and what does everybody wait for?
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        weft::Event event;
        auto waiter = weft::spawn(weft::SpawnOptions{.name = "waiter"}, [&] { event.wait(); });
        auto sleeper = weft::spawn(weft::SpawnOptions{.name = "sleeper"}, [] { weft::sleep_for(1h); });
        weft::yield();
        std::fputs(weft::dump_fibers().c_str(), stdout);
    });
}
// expect: "sleeper": waits: sleep, deadline in 3
// expect: "waiter": waits: event
// expect: "main": ready or running
