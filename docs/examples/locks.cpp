// Locks that are shared or taken again, and fibers that wait for one another.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <vector>

using namespace std::chrono_literals;

// Many read together; who writes is alone, and is not kept waiting by readers that come later.
void readers_and_a_writer() {
    weft::SharedMutex mutex;
    int value = 0;
    weft::task_group([&](weft::TaskGroup& group) {
        for (int i = 0; i < 3; ++i) {
            group.spawn([&] {
                const std::shared_lock lock(mutex);
                weft::sleep_for(1ms);
            });
        }
        group.spawn([&] {
            const std::unique_lock lock(mutex);
            value = 1;
        });
    });
    std::printf("value %d\n", value);
}

// A function that locks may call another that locks.
weft::RecursiveMutex account;
int balance = 0;
void pay_in(int amount) {
    const std::lock_guard lock(account);
    balance += amount;
}
void pay_in_twice(int amount) {
    const std::lock_guard lock(account);
    pay_in(amount);
    pay_in(amount);
}

// The first to come opens the connection; the others wait until it is there.
weft::Once opened;
void use_connection() {
    opened.call([] {
        weft::sleep_for(1ms);
        std::puts("opened");
    });
}

// Each round begins when all have ended the one before.
void rounds() {
    weft::Barrier barrier(3);
    weft::task_group([&](weft::TaskGroup& group) {
        for (int i = 0; i < 3; ++i) {
            group.spawn([&] {
                for (int round = 1; round <= 2; ++round) {
                    if (barrier.arrive_and_wait()) std::printf("round %d is complete\n", round);
                }
            });
        }
    });
}

int main() {
    weft::run([] {
        readers_and_a_writer();
        pay_in_twice(10);
        std::printf("balance %d\n", balance);

        weft::WaitGroup users;
        for (int i = 0; i < 3; ++i) {
            users.add();
            weft::spawn_detached([&] {
                use_connection();
                users.done();
            });
        }
        users.wait();
        rounds();

        weft::Latch ready(2);  // opens once, for good
        auto one = weft::spawn([&] { ready.arrive_and_wait(); });
        auto other = weft::spawn([&] { ready.count_down(); });
        ready.wait();
        std::puts("ready");

        weft::CapacityLimiter kitchen(2);  // whose number may change
        kitchen.acquire();
        kitchen.set_total(1);
        std::printf("%u of %u\n", kitchen.borrowed(), kitchen.total());
        kitchen.release();
    });
}
// expect: value 1
// expect: balance 20
// expect: opened
// expect: round 1 is complete
// expect: round 2 is complete
// expect: ready
// expect: 1 of 1
