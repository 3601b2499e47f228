// Fibers that never wait, beside sockets and timers.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include <weft/core/run.hpp>
#include <weft/net/unix.hpp>
#include <weft/periodic/call_later.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(Fairness);

// CONFORMANCE 69
TEST_P(Fairness, WhatIsAlwaysReadyStarvesNeitherSocketsNorTimers) {
    // Virtual time stands still while anything runs.
    const auto let_time_pass = [&] {
        if (on_virtual_time()) {
            virtual_time().advance(1us);
        }
    };
    bool stop = false;
    auto yielding = spawn([&] {
        while (!stop) {
            let_time_pass();
            yield();
        }
    });
    const std::function<void()> call_again = [&] {
        let_time_pass();
        if (!stop) {
            static_cast<void>(call_later(0ms, call_again));
        }
    };
    call_again();
    auto ends = net::UnixStream::pair();
    auto echo = spawn([&] {
        for (char byte[1]; ends.second.read_some(byte) == 1;) {
            ends.second.write_all(byte);
        }
    });
    for (int i = 0; i < 5; ++i) {
        char byte[1] = {'x'};
        ends.first.write_all(byte);
        ends.first.read_exact(byte);
    }
    sleep_for(1ms);
    EXPECT_FALSE(move_on_after(1ms, [] { sleep_for(1h); }));
    stop = true;
    testing::wait_all_parked();
    EXPECT_TRUE(yielding.ready());
    ends.first.close();
    echo.get();
}

}  // namespace
}  // namespace weft::test
