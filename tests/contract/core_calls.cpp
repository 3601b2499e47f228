// The waiting calls of core and testing.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>
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

/// Two fibers that never end by themselves, and an event that is never set.
struct WaitMany : WaitingCall {
    void fulfil() override { fibers[1].kill(); }
    void expect_untouched() override {
        for (const auto& fiber : fibers) {
            EXPECT_FALSE(fiber.ready());
        }
    }
    std::array<Fiber<>, 2> fibers{spawn([] { sleep_for(1h); }), spawn([] { sleep_for(1h); })};
};
struct WaitAny : WaitMany {
    void call(Deadline deadline) override { EXPECT_EQ(wait_any(fibers, deadline), 1U); }
};
WEFT_WAITING_CALL("wait_any", WaitAny);

struct WaitForOne : WaitMany {
    void call(Deadline deadline) override {
        if (wait(fibers, 1, deadline).empty()) {
            throw TimeoutError("wait");  // it says so by what it returns
        }
    }
};
WEFT_WAITING_CALL("wait", WaitForOne);

struct JoinAll : WaitMany {
    void call(Deadline deadline) override { join_all(fibers, deadline); }
    void fulfil() override {
        for (const auto& fiber : fibers) {
            fiber.kill();
        }
    }
};
WEFT_WAITING_CALL("join_all", JoinAll);

struct JoinAllOrThrow : WaitMany {
    void call(Deadline deadline) override {
        try {
            join_all_or_throw(fibers, deadline);
        } catch (const std::domain_error&) {
            EXPECT_TRUE(fibers[1].ready());
        }
    }
    void fulfil() override { fibers[1].kill(std::make_exception_ptr(std::domain_error("failed"))); }
};
WEFT_WAITING_CALL("join_all_or_throw", JoinAllOrThrow);

// What they have ordered stays ordered: tests/unit/core/start_test.cpp and wait_many_test.cpp.
WEFT_WAITS_OTHERWISE("FiberHandle::cancel_and_join");
WEFT_WAITS_OTHERWISE("FiberHandle::kill_and_join");
WEFT_WAITS_OTHERWISE("cancel_all");
WEFT_WAITS_OTHERWISE("kill_all");

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
