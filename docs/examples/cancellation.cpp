// Ending fibers from outside.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

struct Resource {
    const char* of;
    ~Resource() { std::printf("%s gives its resource back\n", of); }
};

void work(const char* name) {
    Resource resource{name};
    weft::sleep_for(1h);
}

void save_at_the_end() {
    try {
        weft::sleep_for(1h);
    } catch (const weft::Cancelled&) {
        weft::Shield shield;  // without it, the next wait would be cancelled too
        weft::sleep_for(10ms);
        std::puts("saved");
        throw;
    }
}

void shrug_off() {
    try {
        weft::sleep_for(1h);
    } catch (const weft::FiberExit&) {
        std::puts("not now");
    }
    weft::sleep_for(10ms);
    std::puts("done anyway");
}

int main() {
    weft::run([] {
        auto worker = weft::spawn(work, "worker");
        weft::yield();  // let it begin
        worker.cancel();
        worker.join();

        {
            auto helper = weft::spawn(work, "helper");
            weft::yield();
        }  // a handle that goes out of scope cancels its fiber and waits for its end
        std::puts("the helper has ended");

        auto saver = weft::spawn(save_at_the_end);
        weft::yield();
        saver.cancel();
        saver.join();

        // kill() strikes once. A fiber may survive it, which is sometimes what one wants.
        auto stubborn = weft::spawn(shrug_off);
        weft::yield();
        stubborn.kill();
        stubborn.join();
    });
}
// expect: worker gives its resource back
// expect: helper gives its resource back
// expect: the helper has ended
// expect: saved
// expect: not now
// expect: done anyway
