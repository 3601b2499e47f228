// Things to be done every so often, later, again, or not too often. On virtual time, so that it takes none.
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>

using namespace std::chrono_literals;

long seconds_since(weft::TimePoint start) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(weft::now() - start).count());
}

// The ticks stay on their grid, whatever is done in between.
void ticker() {
    const weft::TimePoint start = weft::now();
    weft::Ticker ticker(10s);
    for (int i = 0; i < 3; ++i) {
        const weft::Tick tick = ticker.next();
        std::printf("%ld s, %u skipped; ", seconds_since(start), static_cast<unsigned>(tick.skipped));
        weft::sleep_for(i == 0 ? 25s : 1s);
    }
    std::puts("");
}

void later() {
    weft::DelayedCall report = weft::call_later(5s, [] { std::puts("five seconds of silence"); });
    weft::sleep_for(4s);
    report.reset(5s);  // somebody has spoken
    weft::sleep_for(6s);
    std::puts(report.pending() ? "pending" : "done");
}

void again() {
    int attempt = 0;
    const weft::TimePoint start = weft::now();
    const weft::RetryOptions options{.attempts = 4, .backoff = {.first = 1s, .jitter = 0}};
    const int answer = weft::retry(options, [&] {
        if (++attempt < 4) throw std::runtime_error("busy");
        return 42;
    });
    std::printf("%d after %ld s\n", answer, seconds_since(start));  // pauses of 1, 2 and 4 s
}

void not_too_often() {
    weft::RateLimiter limiter(2, 1s);  // two a second
    const weft::TimePoint start = weft::now();
    for (int i = 0; i < 10; ++i) limiter.acquire();
    std::printf("ten in %ld s\n", seconds_since(start));

    int saved = 0;
    weft::Debouncer save(2s, [&] { ++saved; });
    for (int key = 0; key < 100; ++key) {
        save.trigger();
        weft::sleep_for(1s);
    }
    weft::sleep_for(5s);
    std::printf("saved %d time\n", saved);
}

int main() {
    const weft::testing::VirtualTime virtual_time;
    ticker();
    later();
    again();
    not_too_often();
}
// expect: 10 s, 0 skipped; 35 s, 1 skipped; 40 s, 0 skipped;
// expect: five seconds of silence
// expect: done
// expect: 42 after 7 s
// expect: ten in 4 s
// expect: saved 1 time
