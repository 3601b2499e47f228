// Calls that block, and work for all cores, on threads of their own.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <numeric>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

// A library that knows nothing of fibers.
int slow_library_call(int number) {
    std::this_thread::sleep_for(5ms);
    return number + 1;
}

// The fiber waits, the hub does not.
void blocking_call() {
    int ticks = 0;
    auto others = weft::interval(1ms, [&] { ++ticks; });
    const int result = weft::run_blocking(slow_library_call, 41);
    std::printf("%d, and the others %s\n", result, ticks > 0 ? "went on" : "stood still");
}

// A pool of one's own bounds how many of them there are at once; submit() does not wait.
void own_pool() {
    weft::ThreadPool pool(2);
    std::vector<weft::Future<int>> results;
    for (int i = 0; i < 4; ++i) results.push_back(pool.submit(slow_library_call, i));
    const std::vector<int> numbers = weft::all(results);
    std::printf("sum %d\n", std::accumulate(numbers.begin(), numbers.end(), 0));
}

// A job may use what belongs to a hub by asking a fiber there.
void call_back() {
    int only_for_fibers = 0;
    const weft::HubRef hub = weft::this_hub();
    weft::run_blocking([&] { weft::spawn_on(hub, [&] { only_for_fibers = 7; }).get(); });
    std::printf("%d\n", only_for_fibers);
}

bool is_prime(int number) {
    for (int i = 2; i * i <= number; ++i) {
        if (number % i == 0) return false;
    }
    return number > 1;
}

void all_cores() {
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    const std::vector<bool> primes = weft::parallel_map(numbers, is_prime);
    std::printf("%ld primes\n", static_cast<long>(std::accumulate(primes.begin(), primes.end(), 0)));
}

int main() {
    weft::run([] {
        blocking_call();
        own_pool();
        call_back();
        all_cores();
    });
}
// expect: 42, and the others went on
// expect: sum 10
// expect: 7
// expect: 168 primes
