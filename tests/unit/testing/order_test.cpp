// The order in which fibers run: drawn by lot, or in turns that a test sets; and whether they let others run at all.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/sequencer.hpp>
#include <weft/testing/shuffled_order.hpp>
#include <weft/testing/virtual_time.hpp>

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using testing::lets_others_run;
using testing::Sequencer;
using testing::ShuffledOrder;
using testing::VirtualTime;

/// In which order ten fibers run that each yield twice.
std::string order_of_ten() {
    std::string order;
    std::vector<Fiber<>> fibers;
    for (char name = 'a'; name < 'k'; ++name) {
        fibers.push_back(spawn([&order, name] {
            for (int turn = 0; turn < 3; ++turn) {
                order += name;
                yield();
            }
        }));
    }
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    return order;
}

std::string shuffled(std::uint64_t seed) {
    const VirtualTime time;
    const ShuffledOrder order(seed);
    return order_of_ten();
}

// CONFORMANCE 293
TEST(ShuffledOrder, IsTheSameForTheSameSeedAndAnotherForAnother) {
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const std::string order = shuffled(seed);
        EXPECT_EQ(order, shuffled(seed)) << "seed " << seed;
        EXPECT_EQ(order.size(), 30U);
        orders.insert(order);
    }
    EXPECT_EQ(orders.size(), 20U);
}

TEST(ShuffledOrder, WithoutASeedDrawsOneAndTellsIt) {
    const VirtualTime time;
    std::string order;
    std::uint64_t seed = 0;
    {
        const ShuffledOrder lots;
        seed = lots.seed();
        order = order_of_ten();
    }
    const ShuffledOrder again(seed);
    EXPECT_EQ(order_of_ten(), order) << "seed " << seed;
}

TEST(ShuffledOrder, EndsWithItsObject) {
    const VirtualTime time;
    { const ShuffledOrder order(1); }
    EXPECT_EQ(order_of_ten(), "abcdefghijabcdefghijabcdefghij");
}

TEST(ShuffledOrder, LosesNobodyAmongMany) {
    const VirtualTime time;
    const ShuffledOrder order(7);
    int ended = 0;
    std::vector<Fiber<>> fibers;
    for (int i = 0; i < 500; ++i) {
        fibers.push_back(spawn([&ended, i] {
            sleep_for(std::chrono::milliseconds(i % 7));
            yield();
            ++ended;
        }));
    }
    for (const auto& fiber : fibers) {
        fiber.join();
    }
    EXPECT_EQ(ended, 500);
}

TEST(Sequencer, GivesTheTurnsInTheirOrderWhoeverComesFirst) {
    const VirtualTime time;
    Sequencer sequencer;
    std::string steps;
    const auto late = spawn([&] {
        const auto turn = sequencer.turn(2);
        steps += '2';
    });
    const auto middle = spawn([&] {
        const auto turn = sequencer.turn(1);
        sleep_for(1s);
        steps += '1';
    });
    const auto first = spawn([&] {
        const auto turn = sequencer.turn(0);
        steps += '0';
    });
    late.join();
    EXPECT_EQ(steps, "012");
}

TEST(Sequencer, HoldsAmongThreads) {
    Sequencer sequencer;
    std::string steps;
    std::thread other([&] {
        for (const std::uint64_t number : {1U, 3U}) {
            const auto turn = sequencer.turn(number);
            steps += 't';
        }
    });
    run([&] {
        for (const std::uint64_t number : {0U, 2U, 4U}) {
            const auto turn = sequencer.turn(number);
            steps += 'f';
        }
    });
    other.join();
    EXPECT_EQ(steps, "ftftf");
}

TEST(Sequencer, RefusesATurnThatIsOverOrTaken) {
    const VirtualTime time;
    Sequencer sequencer;
    { const auto turn = sequencer.turn(0); }
    EXPECT_THROW(static_cast<void>(sequencer.turn(0)), std::logic_error);
    const auto turn = sequencer.turn(1);
    EXPECT_THROW(static_cast<void>(sequencer.turn(1)), std::logic_error);
    EXPECT_THROW(static_cast<void>(sequencer.turn(2, 1s)), TimeoutError);
}

TEST(Sequencer, ATurnEndsAlsoWhenItsFiberIsKilledInIt) {
    const VirtualTime time;
    Sequencer sequencer;
    const auto victim = spawn([&] {
        const auto turn = sequencer.turn(0);
        sleep_for(1h);
    });
    testing::wait_all_parked();
    victim.kill();
    const auto turn = sequencer.turn(1);
    EXPECT_TRUE(victim.ready());
}

// CONFORMANCE 270
TEST(LetsOthersRun, TellsWaitsFromCallsThatKeepTheThread) {
    const VirtualTime time;
    Semaphore free(1);
    EXPECT_TRUE(lets_others_run([] { yield(); }));
    EXPECT_TRUE(lets_others_run([] { sleep_for(1h); }));
    EXPECT_FALSE(lets_others_run([&] { free.acquire(); }));
    EXPECT_TRUE(lets_others_run([&] { EXPECT_FALSE(free.try_acquire_for(1s)); }));
    EXPECT_TRUE(lets_others_run([] {
        EXPECT_FALSE(lets_others_run([] {}));
        yield();
    }));
    EXPECT_THROW(lets_others_run([] { throw std::runtime_error("of the call"); }), std::runtime_error);
}

}  // namespace
}  // namespace weft::test
