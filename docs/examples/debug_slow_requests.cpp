// Requests are slow: do they wait for others, or for their turn?
// expect: event: 0 wait now
// expect: how long a ready fiber waited for its turn
// expect: half of them below
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A little work at a time, but without letting others go first: each turn takes two milliseconds.
[[gnu::noinline]] void handle_request() {
    for (int step = 0; step < 10; ++step) {
        const auto until = std::chrono::steady_clock::now() + 2ms;
        while (std::chrono::steady_clock::now() < until) {
        }
        weft::yield();
    }
}

/// Half of all were shorter than this.
weft::Duration median(const weft::diag::DurationMetrics& durations) {
    std::uint64_t below = 0;
    for (const auto& bucket : durations.buckets) {
        below += bucket.count;
        if (2 * below >= durations.count) {
            return bucket.below;
        }
    }
    return {};
}

}  // namespace

int main() {
    weft::run([] {
        std::vector<weft::Fiber<>> requests;
        for (int i = 0; i < 20; ++i) {
            requests.push_back(weft::spawn(handle_request));
        }
        weft::join_all(requests);
        const weft::diag::HubMetrics hub = weft::diag::metrics().hubs.front();
        for (const auto& wait : hub.waits) {
            if (wait.reason == "event") {
                std::printf("event: %llu wait now\n", static_cast<unsigned long long>(wait.now));
            }
        }
        std::printf("how long a ready fiber waited for its turn: %llu samples\n",
                    static_cast<unsigned long long>(hub.run_delay.count));
        std::printf("half of them below %lld us\n", static_cast<long long>(median(hub.run_delay) / 1us));
    });
}
