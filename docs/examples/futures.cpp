// Futures: results that come later, one at a time and several at once.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

// Somebody promises, many may wait: fibers of any hub, and plain threads.
void promise_and_future() {
    weft::Promise<std::string> promise;
    weft::Future<std::string> future = promise.future();
    std::thread elsewhere([made = std::move(promise)]() mutable { made.set_value("from a thread"); });
    std::printf("%s\n", future.get().c_str());
    elsewhere.join();
}

weft::Future<int> ask(int number, weft::Duration how_long) {
    weft::Promise<int> promise;
    weft::Future<int> answer = promise.future();
    weft::spawn_detached([number, how_long, made = std::move(promise)]() mutable {
        made.set_from([&] {
            weft::sleep_for(how_long);
            if (number < 0) throw std::domain_error("negative");
            return number * number;
        });
    });
    return answer;
}

void several() {
    const std::vector squares{ask(1, 3ms), ask(2, 1ms), ask(3, 2ms)};
    for (weft::Future<int>& square : weft::as_completed(squares)) std::printf("%d ", square.get());
    for (const int square : weft::all(squares, 1s)) std::printf("%d ", square);
    std::printf("%d %d\n", weft::any(std::vector{ask(-1, 0ms), ask(5, 1ms)}), weft::race(squares));
}

// What is to happen when it is there runs on a fiber of its own, and may wait too.
void continuations() {
    weft::Future<std::string> text = ask(6, 1ms).then([](int square) { return std::to_string(square); });
    std::printf("%s\n", text.get().c_str());
    try {
        ask(-1, 1ms).then([](int) { std::puts("not called"); }).get();
    } catch (const std::domain_error& error) {
        std::printf("%s\n", error.what());
    }
}

// A promise that is dropped does not leave anybody waiting.
void broken() {
    weft::Future<int> never_set = weft::Promise<int>().future();
    try {
        never_set.get();
    } catch (const weft::BrokenPromise& error) {
        std::printf("%s\n", error.what());
    }
}

int main() {
    weft::run([] {
        promise_and_future();
        several();
        continuations();
        broken();
    });
}
// expect: from a thread
// expect: 4 9 1 1 4 9 25 1
// expect: 36
// expect: negative
// expect: weft: the promise was destroyed before it was set
