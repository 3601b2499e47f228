// gevent's Timeout: an exception of its own, told apart by identity.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>

using namespace std::chrono_literals;

struct TooSlow : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int main() {
    weft::run([] {
        weft::Timeout limit(10ms);
        try {
            weft::sleep_for(1h);
        } catch (const weft::TimeoutExpired& expired) {
            if (!limit.is(expired)) throw;  // an outer one's
            std::puts("it was mine");
        }

        limit.start(10ms);
        if (!limit.run([] { weft::sleep_for(1h); })) std::puts("silently");

        weft::Timeout own(10ms, std::make_exception_ptr(TooSlow("the oracle is too slow")));
        try {
            weft::sleep_for(1h);
        } catch (const TooSlow& error) {
            std::puts(error.what());
        }

        const int answer = weft::with_timeout(10ms, 42, [] {
            weft::sleep_for(1h);
            return 54;
        });
        std::printf("%d\n", answer);
    });
}
// expect: it was mine
// expect: silently
// expect: the oracle is too slow
// expect: 42
