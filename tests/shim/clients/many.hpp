// What the client programs have in common: many requests on one hub, each in a fiber of its own, and a line about how that went.
#pragma once

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/os/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace clients {

/// What makes and frees an object of a C library, in one.
template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

inline void require(bool right, const std::string& what) {
    if (!right) throw std::runtime_error(what);
}

/// Calls request(number) for each number below `count`, all at once; a wrong answer is an exception. Prints for the test
/// how many were wrong and what time all took together.
inline int run_many(std::size_t count, const std::function<void(std::size_t)>& request) {
    weft::os::raise_descriptor_limit();
    std::size_t wrong = 0;
    const auto begin = std::chrono::steady_clock::now();
    weft::run([&] {
        std::vector<weft::Fiber<>> fibers;
        for (std::size_t number = 0; number < count; ++number) {
            fibers.push_back(weft::spawn([&request, &wrong, number] {
                try {
                    request(number);
                } catch (const std::exception& error) {
                    if (++wrong <= 10) std::fprintf(stderr, "request %zu: %s\n", number, error.what());
                }
            }));
        }
        for (const auto& fiber : fibers) fiber.join();
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf(R"({"requests": %zu, "wrong": %zu, "seconds": %.3f})"
                "\n",
                count, wrong, took.count());
    return wrong == 0 ? 0 : 1;
}

}  // namespace clients
