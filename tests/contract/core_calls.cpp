// The waiting calls of core and testing.
#include <gtest/gtest.h>

#include <chrono>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "contract/waiting_call.hpp"
#include "core/hub.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct SleepFor : WaitingCall {
    void call(Deadline) override { sleep_for(20ms); }
    void fulfil() override {}
    void expect_untouched() override {}
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("sleep_for", SleepFor);

struct SleepUntil : SleepFor {
    void call(Deadline) override { sleep_until(now() + 20ms); }
};
WEFT_WAITING_CALL("sleep_until", SleepUntil);

struct Yield : SleepFor {
    void call(Deadline) override { yield(); }
    bool stays_ready() const override { return true; }
};
WEFT_WAITING_CALL("yield", Yield);

struct Join : WaitingCall {
    void call(Deadline deadline) override { target.join(deadline); }
    void fulfil() override { inner.kill(); }
    void expect_untouched() override {
        EXPECT_FALSE(target.ready());
        EXPECT_TRUE(target.ref().alive());
    }
    Fiber<> inner = spawn([] { sleep_for(1h); });
    Fiber<> target = spawn([this] { inner.join(); });
};
WEFT_WAITING_CALL("FiberHandle::join", Join);

struct Get : Join {
    void call(Deadline deadline) override { target.get(deadline); }
};
WEFT_WAITING_CALL("Fiber::get", Get);

// What they have ordered stays ordered: tests/unit/core/start_test.cpp and kill_test.cpp.
WEFT_WAITS_OTHERWISE("FiberHandle::cancel_and_join");
WEFT_WAITS_OTHERWISE("FiberHandle::kill_and_join");

struct WaitAllParked : WaitingCall {
    void call(Deadline) override { testing::wait_all_parked(); }
    void fulfil() override { busy.kill(); }
    void expect_untouched() override { EXPECT_TRUE(impl::Hub::current()->on_idle.empty()); }
    bool takes_deadline() const override { return false; }
    Fiber<> busy = spawn([] {
        for (;;) {
            yield();
        }
    });
};
WEFT_WAITING_CALL("wait_all_parked", WaitAllParked);

}  // namespace
}  // namespace weft::test
