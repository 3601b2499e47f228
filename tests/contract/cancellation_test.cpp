// What holds for every call that can wait, whichever it is: how it is interrupted, and that then it has not
// happened.
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include "contract/waiting_call.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

enum class Outcome { waiting, returned, cancelled, exited, timed_out, other };

/// A fiber that makes the call, and how it went.
class Caller {
public:
    explicit Caller(WaitingCall& call) : call_(call) {}

    /// Turns until the caller waits in the call. Not wait_all_parked(): other fibers of the situation may be
    /// busy.
    template <class Body>
    void start(Body body) {
        fiber_ = spawn([this, body] {
            try {
                body();
                outcome_ = Outcome::returned;
            } catch (const Cancelled&) {
                outcome_ = Outcome::cancelled;
                throw;
            } catch (const FiberExit&) {
                outcome_ = Outcome::exited;
                throw;
            } catch (const TimeoutError&) {
                outcome_ = Outcome::timed_out;
            } catch (...) {
                outcome_ = Outcome::other;
            }
        });
        for (int i = 0; i < 5; ++i) {
            yield();
        }
    }
    void start() {
        start([this] { call_.call(never); });
    }

    Outcome outcome() const { return outcome_; }
    bool waits() const { return outcome_ == Outcome::waiting; }
    const Fiber<>& fiber() const { return fiber_; }
    Outcome end() {
        fiber_.join();
        return outcome_;
    }

private:
    WaitingCall& call_;
    Outcome outcome_ = Outcome::waiting;
    Fiber<> fiber_;
};

class EveryWait : public ::testing::TestWithParam<std::tuple<RegisteredCall, Clock>> {
protected:
    EveryWait() {
        if (std::get<1>(GetParam()) == Clock::virtual_time) {
            virtual_time_.emplace();
        } else {
            impl::Hub::ensure();
        }
        call_ = std::get<0>(GetParam()).make();
        yield();
    }
    ~EveryWait() override {
        call_.reset();
        if (virtual_time_) {
            virtual_time_.reset();
        } else {
            EXPECT_TRUE(impl::Hub::end_current(std::chrono::seconds(5)));
        }
    }

    /// The call works afterwards as if nothing had been.
    void expect_works() {
        call_->expect_untouched();
        Caller again(*call_);
        again.start();
        EXPECT_NE(again.waits(), call_->stays_ready());
        call_->fulfil();
        EXPECT_EQ(again.end(), Outcome::returned);
    }

    /// On real time it passes by itself.
    void pass_time(Duration length) {
        if (virtual_time_) {
            virtual_time_->advance(length);
        }
    }

    WaitingCall& call() { return *call_; }

private:
    std::optional<testing::VirtualTime> virtual_time_;
    std::unique_ptr<WaitingCall> call_;
};

TEST_P(EveryWait, ReturnsOnceItIsFulfilled) {
    Caller caller(call());
    caller.start();
    EXPECT_NE(caller.waits(), call().stays_ready());
    call().fulfil();
    EXPECT_EQ(caller.end(), Outcome::returned);
}

TEST_P(EveryWait, CancelledBeforeItWaitsItHasNotHappened) {
    Caller caller(call());
    caller.start([&] {
        this_fiber().cancel();
        call().call(never);
    });
    EXPECT_EQ(caller.end(), Outcome::cancelled);
    expect_works();
}

TEST_P(EveryWait, CancelledWhileItWaitsItHasNotHappened) {
    if (call().stays_ready()) {
        return;
    }
    Caller caller(call());
    caller.start();
    ASSERT_TRUE(caller.waits());
    caller.fiber().cancel();
    EXPECT_EQ(caller.end(), Outcome::cancelled);
    expect_works();
}

TEST_P(EveryWait, KilledWhileItWaitsItHasNotHappened) {
    if (call().stays_ready()) {
        return;
    }
    Caller caller(call());
    caller.start();
    ASSERT_TRUE(caller.waits());
    caller.fiber().kill();
    EXPECT_EQ(caller.end(), Outcome::exited);
    expect_works();
}

TEST_P(EveryWait, PastItsOwnDeadlineItHasNotHappened) {
    if (!call().takes_deadline()) {
        return;
    }
    Caller caller(call());
    const TimePoint before = now();
    caller.start([&] { call().call(3ms); });
    pass_time(3ms);  // some situations hold virtual time
    EXPECT_EQ(caller.end(), Outcome::timed_out);
    EXPECT_GE(now() - before, 3ms);
    expect_works();
}

TEST_P(EveryWait, WithADeadlineInThePastItDoesNotWait) {
    if (!call().takes_deadline()) {
        return;
    }
    for (const Deadline past : {Deadline(0ms), Deadline(-1s), Deadline(TimePoint{})}) {
        Caller caller(call());
        caller.start([&] { call().call(past); });
        EXPECT_EQ(caller.end(), Outcome::timed_out);
    }
    expect_works();
}

TEST_P(EveryWait, PastTheDeadlineOfAScopeItHasNotHappened) {
    if (call().stays_ready()) {
        return;
    }
    Caller caller(call());
    caller.start([&] { fail_after(3ms, [&] { call().call(never); }); });
    // Virtual time stands still while something runs, as it does in some of the situations.
    pass_time(3ms);
    EXPECT_EQ(caller.end(), Outcome::timed_out);
    expect_works();
}

TEST_P(EveryWait, BehindAShieldItIsNotInterrupted) {
    if (call().stays_ready()) {
        return;
    }
    Caller caller(call());
    bool finished = false;
    caller.start([&] {
        {
            const Shield shield;
            call().call(never);
            finished = true;
        }
        yield();
    });
    caller.fiber().cancel();
    caller.fiber().kill();
    yield();
    yield();
    EXPECT_TRUE(caller.waits());
    EXPECT_FALSE(finished);
    call().fulfil();
    EXPECT_EQ(caller.end(), Outcome::exited)
        << "what has come meanwhile strikes at the first wait after the shield";
    EXPECT_TRUE(finished);
}

TEST_P(EveryWait, WhileAnExceptionUnwindsItsFiberItIsNotInterrupted) {
    if (call().stays_ready()) {
        return;
    }
    struct Waits {
        WaitingCall& call;
        bool& finished;
        ~Waits() {
            call.call(never);
            finished = true;
        }
    };
    Caller caller(call());
    bool finished = false;
    caller.start([&] {
        const Waits waits{call(), finished};
        throw std::runtime_error("unwinding");
    });
    caller.fiber().cancel();
    caller.fiber().kill();
    yield();
    yield();
    EXPECT_TRUE(caller.waits());
    call().fulfil();
    EXPECT_EQ(caller.end(), Outcome::other);
    EXPECT_TRUE(finished);
}

TEST_P(EveryWait, InACleanUpBlockItsBoundHolds) {
    struct Waits {
        WaitingCall& call;
        bool& bounded;
        ~Waits() {
            bounded = !move_on_after(0ms, [&] { call.call(never); });
        }
    };
    Caller caller(call());
    bool bounded = false;
    caller.start([&] {
        const Waits waits{call(), bounded};
        this_fiber().cancel();
        yield();
    });
    EXPECT_EQ(caller.end(), Outcome::cancelled);
    EXPECT_TRUE(bounded);
    expect_works();
}

std::string test_name(const ::testing::TestParamInfo<std::tuple<RegisteredCall, Clock>>& info) {
    std::string name = std::get<0>(info.param).name + std::to_string(info.index / 2);
    std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
    return name + (std::get<1>(info.param) == Clock::libev ? "OnLibev" : "OnVirtualTime");
}

// Evaluated when main() runs, after all files have registered their calls.
INSTANTIATE_TEST_SUITE_P(, EveryWait,
                         ::testing::Combine(::testing::ValuesIn(registered_calls()),
                                            ::testing::Values(Clock::virtual_time, Clock::libev)),
                         test_name);

}  // namespace
}  // namespace weft::test
