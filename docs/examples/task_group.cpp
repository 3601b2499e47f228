// Fibers that end together, and all that has failed in one exception.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        // The block is left when all members have ended.
        int sum = 0;
        weft::task_group([&](weft::TaskGroup& group) {
            for (int i = 1; i <= 3; ++i) {
                group.spawn([&sum, i] {
                    weft::sleep_for(i * 1ms);
                    sum += i;
                });
            }
        });
        std::printf("sum %d\n", sum);

        // The first failure cancels the others; what they fail with on the way comes too.
        try {
            weft::task_group([](weft::TaskGroup& group) {
                group.spawn([] {
                    try {
                        weft::sleep_for(1h);
                    } catch (const weft::Cancelled&) {
                        throw std::runtime_error("could not clean up");
                    }
                });
                group.spawn([] { throw std::runtime_error("no such host"); });
            });
        } catch (const weft::ExceptionGroup& failures) {
            failures.for_each<std::exception>([](const std::exception& error) { std::puts(error.what()); });
        }

        // The first that returns wins.
        const char* answer = nullptr;
        weft::task_group({.until = weft::GroupEnd::any}, [&](weft::TaskGroup& group) {
            group.spawn([&] { weft::sleep_for(1h), answer = "slow mirror"; });
            group.spawn([&] { weft::sleep_for(1ms), answer = "fast mirror"; });
        });
        std::puts(answer);

        // A server that says when it is ready.
        weft::task_group([](weft::TaskGroup& group) {
            const int port = group.start<int>([](weft::Started<int>& started) {
                started(8080);
                weft::sleep_for(1ms);
            });
            std::printf("serving on %d\n", port);
        });
    });
}
// expect: sum 6
// expect: no such host
// expect: could not clean up
// expect: fast mirror
// expect: serving on 8080
