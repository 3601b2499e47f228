// The waiting calls of futures.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include <weft/future/combine.hpp>
#include <weft/sync/future.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

struct FutureGet : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(future.get(deadline), 1); }
    void fulfil() override { static_cast<void>(promise.try_set_value(1)); }
    void expect_untouched() override { EXPECT_FALSE(future.ready()); }
    Promise<int> promise;
    Future<int> future = promise.future();
};
WEFT_WAITING_CALL("Future::get", FutureGet);

struct FutureWait : FutureGet {
    void call(Deadline deadline) override { future.wait(deadline); }
};
WEFT_WAITING_CALL("FutureHandle::wait", FutureWait);

/// The one that is ready is still to come after an interruption.
struct AsCompletedNext : FutureGet {
    void call(Deadline) override { EXPECT_EQ(completed.next()->get(), 1); }
    bool takes_deadline() const override { return false; }  // it has one for all calls
    AsCompleted<int> completed{std::vector{future}};
};
WEFT_WAITING_CALL("AsCompleted::next", AsCompletedNext);

struct All : FutureGet {
    void call(Deadline deadline) override {
        EXPECT_EQ(all(std::vector{future, future}, deadline).size(), 2U);
    }
};
WEFT_WAITING_CALL("all", All);

struct Any : FutureGet {
    void call(Deadline deadline) override { EXPECT_EQ(any(std::vector{future, future}, deadline), 1); }
};
WEFT_WAITING_CALL("any", Any);

struct Race : FutureGet {
    void call(Deadline deadline) override { EXPECT_EQ(race(std::vector{future, future}, deadline), 1); }
};
WEFT_WAITING_CALL("race", Race);

}  // namespace
}  // namespace weft::test
