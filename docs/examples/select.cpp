// select: whichever of several comes first, with a limit, and without waiting.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

using namespace std::chrono_literals;

// Two sources and silence.
void merge() {
    weft::Channel<int> numbers;
    weft::Channel<std::string> words;
    auto counting = weft::spawn([&] {
        for (int i = 1; i <= 3; ++i) {
            weft::sleep_for(2ms);
            numbers.send(i);
        }
    });
    auto talking = weft::spawn([&] {
        weft::sleep_for(3ms);
        words.send("weft");
    });
    bool more = true;
    while (more) {
        weft::select(
            weft::on_receive(numbers, [](int number) { std::printf("number %d\n", number); }),
            weft::on_receive(words, [](const std::string& word) { std::printf("word %s\n", word.c_str()); }),
            weft::on_timeout(50ms, [&] { more = false; }));
    }
}

// A case that is not wanted at the moment is a null pointer: here there is nothing to send before something has come.
void relay() {
    weft::Channel<int> in;
    weft::Channel<int> out;
    auto source = weft::spawn([&] {
        for (int i = 1; i <= 3; ++i) {
            in.send(i);
        }
        in.close();
    });
    auto sink = weft::spawn([&] {
        int sum = 0;
        for (const int item : out) {
            sum += item;
        }
        std::printf("sum %d\n", sum);
    });
    std::optional<int> held;
    bool open = true;
    while (open || held) {
        weft::select(weft::on_receive(open && !held ? &in : nullptr,
                                      [&](std::optional<int> item) {
                                          held = item;
                                          open = item.has_value();
                                      }),
                     weft::on_send(held ? &out : nullptr, held.value_or(0), [&] { held.reset(); }));
    }
    out.close();
    sink.join();
}

// The order counts: the end before any more work. otherwise() makes it a question instead of a wait.
void prefer() {
    weft::Channel<int> stop(1);
    weft::Channel<int> work(1);
    work.send(1);
    stop.send(1);
    weft::select_in_order(weft::on_receive(stop, [](int /*any*/) { std::printf("stop\n"); }),
                          weft::on_receive(work, [](int /*any*/) { std::printf("work\n"); }));
    weft::select_in_order(weft::on_receive(stop, [](int /*any*/) { std::printf("stop again\n"); }),
                          weft::otherwise([] { std::printf("nothing to stop for\n"); }));
}

int main() {
    weft::run([] {
        merge();
        relay();
        prefer();
    });
}
// expect: number 1
// expect: word weft
// expect: number 2
// expect: number 3
// expect: sum 6
// expect: stop
// expect: nothing to stop for
