// A scope as an object: ended by another fiber, and by a std::stop_token.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stop_token>

using namespace std::chrono_literals;

void take_an_hour() { weft::sleep_for(1h); }

int main() {
    weft::run([] {
        // Whoever holds the scope may end what runs in it.
        weft::CancelScope download;
        auto user = weft::spawn([&] { download.cancel("the user has pressed Escape"); });
        if (!download.run(take_an_hour)) std::puts("download: stopped");

        // A limit that moves on while there is progress.
        weft::CancelScope progress(20ms);
        progress.run([&] {
            for (int part = 0; part < 3; ++part) {
                weft::sleep_for(10ms);
                progress.set_deadline(weft::now() + 20ms);
            }
            take_an_hour();
        });
        std::printf("progress: %s\n", progress.cut_short() ? "has come to a halt" : "done");

        // A token from outside ends the scope; the scope's own token ends what does not wait with weft.
        std::stop_source service;
        weft::CancelScope request(service.get_token());
        const std::stop_token for_library = request.stop_token();
        auto operator_ = weft::spawn([&] { service.request_stop(); });
        request.run(take_an_hour);
        std::printf("request: stopped, and the library was told: %d\n", for_library.stop_requested());
    });
}
// expect: download: stopped
// expect: progress: has come to a halt
// expect: request: stopped, and the library was told: 1
