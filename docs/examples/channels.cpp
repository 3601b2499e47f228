// Channels: handing items over, closing, several workers, two ends.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// Without capacity: send() returns when the item has been taken.
void hand_over() {
    weft::Channel<std::string> channel;
    auto sender = weft::spawn([&] {
        for (const char* word : {"warp", "weft", "shed"}) {
            channel.send(word);
        }
        channel.close();
    });
    for (const std::string& word : channel) {
        std::printf("%s\n", word.c_str());
    }
}

// With a capacity: the producer is at most two items ahead. What is moved in may be movable only.
void share_work() {
    weft::Channel<std::unique_ptr<int>> jobs(2);
    weft::Channel<int> results(weft::unbounded);
    std::vector<weft::Fiber<>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(weft::spawn([&] {
            for (const auto& job : jobs) {
                weft::sleep_for(1ms);
                results.send(*job * *job);
            }
        }));
    }
    for (int i = 1; i <= 10; ++i) {
        jobs.send(std::make_unique<int>(i));
    }
    jobs.close();
    for (auto& worker : workers) {
        worker.join();
    }
    results.close();
    int sum = 0;
    for (const int result : results) {
        sum += result;
    }
    std::printf("sum of squares %d\n", sum);
}

// With ends of its own, a channel closes when the last sender is gone: nobody has to know who that is.
void let_the_last_one_close() {
    auto [sender, receiver] = weft::make_channel<int>();
    for (int i = 0; i < 3; ++i) {
        weft::spawn_detached([to = sender, i]() mutable { to.send(i); });
    }
    sender.close();  // the copies remain
    int count = 0;
    while (receiver.next()) {
        ++count;
    }
    std::printf("%d senders have come and gone\n", count);
}

void wait_no_longer_than() {
    weft::Channel<int> silent;
    try {
        silent.receive(5ms);
    } catch (const weft::TimeoutError& error) {
        std::printf("%s\n", error.what());
    }
}

int main() {
    weft::run([] {
        hand_over();               // expect: warp
                                   // expect: weft
                                   // expect: shed
        share_work();              // expect: sum of squares 385
        let_the_last_one_close();  // expect: 3 senders have come and gone
        wait_no_longer_than();     // expect: receive from a channel
    });
}
