// A plugin with fibers, for a program that has never heard of weft.
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include <unistd.h>

#include <algorithm>
#include <vector>

/// Twenty fibers that sleep by libc's name. Gives how many of them did so at once.
extern "C" __attribute__((visibility("default"))) int sleep_in_fibers() {
    return weft::run([] {
        int asleep = 0;
        int most = 0;
        std::vector<weft::Fiber<>> fibers;
        for (int i = 0; i < 20; ++i) {
            fibers.push_back(weft::spawn([&] {
                most = std::max(most, ++asleep);
                ::usleep(50'000);
                --asleep;
            }));
        }
        for (auto& fiber : fibers) {
            fiber.join();
        }
        return most;
    });
}
