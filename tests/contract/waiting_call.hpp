// The registry of all calls that can wait. What it promises of each of them is in cancellation_test.cpp.
//
// A layer adds its calls in a file of its own in this folder:
//
//     struct SleepFor : WaitingCall {
//         void call(Deadline) override { sleep_for(5ms); }
//     };
//     WEFT_WAITING_CALL("sleep_for", SleepFor);
//
// The names are those in the public headers, with the class where there is one ("FiberHandle::join");
// tests/lint/waiting.py compares them with every `Suspends:` there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weft/time/deadline.hpp>

namespace weft::test {

/// One situation in which a call waits. Made in a fiber, used by it and by the test's main fiber, on one hub.
class WaitingCall {
public:
    WaitingCall() = default;
    WaitingCall(const WaitingCall&) = delete;
    WaitingCall& operator=(const WaitingCall&) = delete;
    virtual ~WaitingCall() = default;

    /// Waits until fulfil(), at most until `deadline` where takes_deadline() says so.
    virtual void call(Deadline deadline) = 0;
    /// Makes the call under way (or the next one) return. Does not wait itself.
    virtual void fulfil() = 0;
    /// Expects the state that was before a call which has been interrupted: nothing taken, nobody enlisted.
    virtual void expect_untouched() = 0;

    virtual bool takes_deadline() const { return true; }
    /// Its caller stays ready while it waits, so nothing interrupts a call that has begun.
    virtual bool stays_ready() const { return false; }
};

struct RegisteredCall {
    std::string name;
    std::function<std::unique_ptr<WaitingCall>()> make;
};

inline std::vector<RegisteredCall>& registered_calls() {
    static std::vector<RegisteredCall> calls;
    return calls;
}

template <class Call>
bool register_call(std::string name) {
    registered_calls().push_back({std::move(name), [] { return std::make_unique<Call>(); }});
    return true;
}

}  // namespace weft::test

/// For the lint only: a call whose interruption is no plain "it has not happened", and is tested where it belongs.
#define WEFT_WAITS_OTHERWISE(name) static_assert(sizeof(name) > 1)

#define WEFT_WAITING_CALL(name, Call) \
    [[maybe_unused]] static const bool registered_##Call = ::weft::test::register_call<Call>(name)
