// The waiting calls of groups and pools.
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include <weft/pool/group.hpp>
#include <weft/pool/pool.hpp>
#include <weft/sync/event.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct MembersJoin : WaitingCall {
    MembersJoin() {
        group.spawn([this] { go.wait(); });
    }
    void call(Deadline deadline) override { group.join(deadline); }
    void fulfil() override { go.set(); }
    void expect_untouched() override { EXPECT_EQ(group.size(), 1U); }
    Event go;
    Group group;
};
WEFT_WAITING_CALL("Members::join", MembersJoin);

/// Its only place is taken.
struct WaitAvailable : WaitingCall {
    WaitAvailable() {
        pool.spawn([this] { go.wait(); });
    }
    void call(Deadline deadline) override { pool.wait_available(deadline); }
    void fulfil() override { go.set(); }
    void expect_untouched() override {
        EXPECT_EQ(pool.size(), 1U);
        EXPECT_EQ(pool.free_count(), 0U);
    }
    Event go;
    Pool pool{1};
};
WEFT_WAITING_CALL("Pool::wait_available", WaitAvailable);

struct PoolSpawn : WaitAvailable {
    void call(Deadline) override {
        pool.spawn([] {});
    }
    bool takes_deadline() const override { return false; }
};
WEFT_WAITING_CALL("Pool::spawn", PoolSpawn);

struct PoolTrySpawnFor : PoolSpawn {
    void call(Deadline) override {
        EXPECT_TRUE(pool.try_spawn_for(1h, [] {}).has_value());
    }
};
WEFT_WAITING_CALL("Pool::try_spawn_for", PoolTrySpawnFor);

/// The call is what waits.
struct PoolApply : WaitingCall {
    void call(Deadline) override {
        pool.apply([this] { go.wait(); });
    }
    void fulfil() override { go.set(); }
    void expect_untouched() override {
        EXPECT_TRUE(pool.empty()) << "the call has ended";
        EXPECT_EQ(pool.free_count(), 1U);
    }
    bool takes_deadline() const override { return false; }
    Event go;
    Pool pool{1};
};
WEFT_WAITING_CALL("Pool::apply", PoolApply);

struct PoolMap : PoolApply {
    void call(Deadline) override {
        pool.map(std::array{1, 2, 3}, [this](int) { go.wait(); });
    }
};
WEFT_WAITING_CALL("Pool::map", PoolMap);

struct ImapNext : WaitingCall {
    void call(Deadline deadline) override { EXPECT_EQ(results.next(deadline), 1); }
    void fulfil() override { go.set(); }
    void expect_untouched() override { EXPECT_EQ(pool.size(), 1U) << "the call goes on"; }
    Event go;
    Pool pool{1};
    Imap<int> results = pool.imap(std::array{1}, [this](int number) {
        go.wait();
        return number;
    });
};
WEFT_WAITING_CALL("Imap::next", ImapNext);

// A call in another thread cannot be interrupted, so who is cancelled waits for its end: tests/unit/pool shows that.
WEFT_WAITS_OTHERWISE("ThreadPool::run");
WEFT_WAITS_OTHERWISE("ThreadPool::map");
WEFT_WAITS_OTHERWISE("run_blocking");
WEFT_WAITS_OTHERWISE("parallel_map");

}  // namespace
}  // namespace weft::test
