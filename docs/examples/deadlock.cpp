// Nothing can ever happen again: weft says so, and who waits for what.
#include <weft/weft.hpp>

#include <cstdio>
#include <mutex>

int main() {
    weft::run([] {
        weft::Mutex left;
        weft::Mutex right;
        auto grab = [](weft::Mutex& first, weft::Mutex& second) {
            const std::scoped_lock one(first);
            weft::yield();
            const std::scoped_lock two(second);
        };
        weft::SpawnOptions options{.name = "philosopher"};
        auto a = weft::spawn(options, grab, std::ref(left), std::ref(right));
        auto b = weft::spawn(options, grab, std::ref(right), std::ref(left));
        try {
            a.join();
        } catch (const weft::Deadlock& deadlock) {
            std::puts(deadlock.what());
        }
    });
}
// expect: "philosopher": waits: mutex
// expect: "main": waits: join
