// Mutex, semaphore, event and condition variable.
#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

using namespace std::chrono_literals;

weft::Mutex mutex;
int balance = 100;

// Others run during the wait, but not between lock and unlock.
void withdraw(int amount) {
    const std::scoped_lock lock(mutex);
    const int before = balance;
    weft::sleep_for(1ms);
    balance = before - amount;
}

void lock_across_a_wait() {
    auto first = weft::spawn(withdraw, 30);
    auto second = weft::spawn(withdraw, 20);
    first.join();
    second.join();
    std::printf("balance %d\n", balance);
}

// At most two at once.
void limit_with_a_semaphore() {
    weft::Semaphore slots(2);
    int inside = 0;
    int most = 0;
    std::vector<weft::Fiber<>> fibers;
    for (int i = 0; i < 6; ++i) {
        fibers.push_back(weft::spawn([&] {
            slots.acquire();
            most = std::max(most, ++inside);
            weft::sleep_for(1ms);
            --inside;
            slots.release();
        }));
    }
    for (const auto& fiber : fibers) fiber.join();
    std::printf("%d at once\n", most);
}

// Everybody waits for one moment.
void start_together() {
    weft::Event go;
    auto runner = weft::spawn([&] {
        go.wait();
        std::puts("go!");
    });
    weft::yield();
    std::puts("ready, steady");
    go.set();
    runner.join();
}

// A queue between two fibers.
void hand_over() {
    std::deque<std::string> queue;
    weft::ConditionVariable filled;
    auto reader = weft::spawn([&] {
        std::unique_lock lock(mutex);
        filled.wait(lock, [&] { return !queue.empty(); });
        std::printf("got %s\n", queue.front().c_str());
    });
    weft::yield();
    {
        const std::scoped_lock lock(mutex);
        queue.emplace_back("a parcel");
    }
    filled.notify_one();
    reader.join();
}

int main() {
    weft::run([] {
        lock_across_a_wait();
        limit_with_a_semaphore();
        start_together();
        hand_over();
    });
}
// expect: balance 50
// expect: 2 at once
// expect: ready, steady
// expect: go!
// expect: got a parcel
