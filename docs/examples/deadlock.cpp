// Three philosophers, each with the fork to the left in hand: nothing can ever happen again, and weft says so.
// expect: deadlock: every fiber waits and nothing can wake any of them
// expect: "Kant": waits: mutex
// expect: a circle, in which each waits for the next one:
// expect: held by fiber
// expect: held by fiber
// expect: held by fiber
#include <weft/weft.hpp>

#include <cstdio>
#include <functional>
#include <mutex>

namespace {

void dine(weft::Mutex& left, weft::Mutex& right) {
    const std::scoped_lock one(left);
    weft::yield();
    const std::scoped_lock two(right);
}

}  // namespace

int main() {
    weft::run([] {
        weft::Mutex forks[3];
        auto plato =
            weft::spawn(weft::SpawnOptions{.name = "Plato"}, dine, std::ref(forks[0]), std::ref(forks[1]));
        auto hume =
            weft::spawn(weft::SpawnOptions{.name = "Hume"}, dine, std::ref(forks[1]), std::ref(forks[2]));
        auto kant =
            weft::spawn(weft::SpawnOptions{.name = "Kant"}, dine, std::ref(forks[2]), std::ref(forks[0]));
        try {
            plato.join();
        } catch (const weft::Deadlock& deadlock) {
            std::puts(deadlock.what());
        }
    });
}
