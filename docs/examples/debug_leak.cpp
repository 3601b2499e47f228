// Each request leaves a fiber behind that waits for an answer which nobody sends.
// example-env: WEFT_LEAK_REPORT=1
// expect: 100 fibers left at the end of the hub; all of them wait, without a limit, for what only a fiber or another thread can do
// expect: 100 fibers: an item of a channel
// expect: receive
// expect: spawned at
#include <weft/weft.hpp>

#include <memory>

namespace {

using Answers = weft::Channel<int>;

[[gnu::noinline]] void handle_request() {
    auto answers = std::make_shared<Answers>();
    weft::spawn_detached(weft::SpawnOptions{.name = "audit"}, [answers] { answers->receive(); });
    // The channel should be closed, or sent to, on every way out of here.
}

}  // namespace

int main() {
    weft::run([] {
        for (int request = 0; request < 100; ++request) {
            handle_request();
        }
        weft::yield();
    });
}
