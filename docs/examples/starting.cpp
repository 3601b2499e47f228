// Fibers that start later, or when asked to; being told of an end.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        auto reminder = weft::spawn_later(20ms, [] { std::puts("time is up"); });
        auto never = weft::spawn_later(1h, [] { std::puts("not today"); });
        never.cancel();  // before its time: it never runs

        auto report = weft::spawn(weft::SpawnOptions{.name = "report", .lazy = true}, [] {
            std::puts("writing");
            throw std::runtime_error("disk full");
        });
        report.link([](const weft::FiberOutcome& ended) {
            std::printf("%s has ended\n", ended.fiber.name().c_str());
        });
        report.link_exception([](const weft::FiberOutcome& ended) {
            try {
                std::rethrow_exception(ended.exception);
            } catch (const std::exception& error) {
                std::printf("because of: %s\n", error.what());
            }
        });
        std::puts("nothing written yet");
        report.start();
        reminder.join();
    });
}
// expect: nothing written yet
// expect: writing
// expect: report has ended
// expect: because of: disk full
// expect: time is up
