// The waiting calls of scope.
#include <gtest/gtest.h>

#include <chrono>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/task_group.hpp>
#include <weft/sync/event.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct GroupRun : WaitingCall {
    void call(Deadline) override {
        task_group([this](TaskGroup& group) {
            group.spawn([this] {
                ++inside;
                struct Leave {
                    int& count;
                    ~Leave() { --count; }
                } const leave{inside};
                event.wait();
            });
        });
    }
    void fulfil() override { event.set(); }
    void expect_untouched() override { EXPECT_EQ(inside, 0) << "no member has outlived the group"; }
    bool takes_deadline() const override { return false; }
    Event event;
    int inside = 0;
};
WEFT_WAITING_CALL("TaskGroup::run", GroupRun);

struct GroupStart : WaitingCall {
    GroupStart() { yield(); }
    void call(Deadline) override {
        group.start([this](Started<>& started) {
            event.wait();
            started();
        });
    }
    void fulfil() override { event.set(); }
    void expect_untouched() override { EXPECT_EQ(group.size(), 0U); }
    bool takes_deadline() const override { return false; }
    Event event;
    Event over;
    TaskGroup group;
    // Ends, and joins, before the group does.
    Fiber<> owner = spawn([this] { group.run([this] { over.wait(); }); });
};
WEFT_WAITING_CALL("TaskGroup::start", GroupStart);

}  // namespace
}  // namespace weft::test
