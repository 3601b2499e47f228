// What a first program with an installed weft looks like: fibers, a wait that ends, one that does not end in time.
#include <chrono>
#include <cstdio>

#include <weft/weft.hpp>

using namespace std::chrono_literals;

namespace {

int answer() {
    auto fiber = weft::spawn([] {
        weft::sleep_for(1ms);
        return 42;
    });
    try {
        weft::fail_after(1ms, [] { weft::sleep_for(1h); });
    } catch (const weft::TimeoutError&) {
        // Thrown in libweft.so and caught here: the two agree on what the type is.
        return fiber.get();
    }
    return 0;
}

}  // namespace

int main() { return weft::run(answer) == 42 ? 0 : 1; }
