// The timer queue's promises one by one, and against an ordered tree under thousands of random steps.
#include "time/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

using weft::impl::no_timer;
using weft::impl::TimerNode;
using weft::impl::TimerQueue;

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t second = 1000 * millisecond;
constexpr std::int64_t year = 365 * 24 * 3600 * second;

TEST(TimerQueue, IsEmptyAtFirst) {
    TimerQueue queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.next(), no_timer);
    EXPECT_EQ(queue.pop_due(no_timer - 1), nullptr);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(TimerQueue, ANodeIsDueAtItsTimeAndNotANanosecondBefore) {
    for (const std::int64_t when :
         {std::int64_t{1}, millisecond, second + 1, 60 * second, 90'000 * second, year, 290 * year}) {
        TimerQueue queue;
        TimerNode node;
        queue.arm(node, when);
        EXPECT_TRUE(node.armed());
        EXPECT_EQ(queue.next(), when);
        EXPECT_EQ(queue.pop_due(when - 1), nullptr) << when;
        EXPECT_EQ(queue.next(), when);
        EXPECT_EQ(queue.pop_due(when), &node) << when;
        EXPECT_FALSE(node.armed());
        EXPECT_TRUE(queue.empty());
    }
}

TEST(TimerQueue, EqualDeadlinesFireInTheOrderTheyWereArmed) {
    // Cancelling first leaves holes, which are filled in another order than that of arming.
    for (const std::int64_t when : {std::int64_t{0}, 5 * millisecond, 100 * second}) {
        TimerQueue queue;
        std::vector<TimerNode> nodes(100);
        for (TimerNode& node : nodes) {
            queue.arm(node, when);
        }
        for (std::size_t i = 0; i < nodes.size(); i += 2) {
            queue.cancel(nodes[i]);
        }
        for (std::size_t i = 0; i < nodes.size(); i += 2) {
            queue.arm(nodes[i], when);
        }
        for (std::size_t i = 1; i < nodes.size(); i += 2) {
            EXPECT_EQ(queue.pop_due(when), &nodes[i]);
        }
        for (std::size_t i = 0; i < nodes.size(); i += 2) {
            EXPECT_EQ(queue.pop_due(when), &nodes[i]);
        }
        EXPECT_EQ(queue.pop_due(when), nullptr);
    }
}

TEST(TimerQueue, WhatIsArmedInThePastIsDueAtOnceAndInOrder) {
    TimerQueue queue;
    EXPECT_EQ(queue.pop_due(1000 * second), nullptr);
    TimerNode late, later, ancient;
    queue.arm(late, 999 * second);
    queue.arm(later, 999 * second + 1);
    queue.arm(ancient, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(queue.next(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(queue.pop_due(1000 * second), &ancient);
    EXPECT_EQ(queue.pop_due(1000 * second), &late);
    EXPECT_EQ(queue.pop_due(1000 * second), &later);
}

TEST(TimerQueue, TheEndOfTimeIsADeadlineToo) {
    TimerQueue queue;
    TimerNode node, never;
    queue.arm(node, no_timer - 1);
    queue.arm(never, no_timer);
    EXPECT_EQ(queue.next(), no_timer - 1);
    EXPECT_EQ(queue.pop_due(no_timer - 2), nullptr);
    EXPECT_EQ(queue.pop_due(no_timer - 1), &node);
    EXPECT_EQ(queue.pop_due(no_timer), &never);
}

TEST(TimerQueue, ACancelledNodeIsForgotten) {
    TimerQueue queue;
    TimerNode kept;
    queue.arm(kept, 3 * second);
    {
        TimerNode gone;
        queue.arm(gone, 2 * second);
        EXPECT_EQ(queue.next(), 2 * second);
        queue.cancel(gone);
        EXPECT_FALSE(gone.armed());
        queue.cancel(gone);
        EXPECT_EQ(queue.size(), 1U) << "cancelling twice is cancelling once";
    }
    // The node's memory is another's now; under AddressSanitizer this proves that nobody looks at it.
    EXPECT_EQ(queue.next(), 3 * second);
    EXPECT_EQ(queue.pop_due(10 * second), &kept);
    EXPECT_EQ(queue.pop_due(10 * second), nullptr);
}

TEST(TimerQueue, NodesOnDeadStacksAreNeverTouchedAgain) {
    TimerQueue queue;
    std::deque<TimerNode> kept(500);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        auto gone = std::make_unique<TimerNode>();
        queue.arm(*gone, 70 * second + static_cast<std::int64_t>(i));
        queue.arm(kept[i], 70 * second + static_cast<std::int64_t>(i));
        queue.cancel(*gone);
    }
    for (TimerNode& node : kept) {
        EXPECT_EQ(queue.pop_due(71 * second), &node);
    }
}

TEST(TimerQueue, ClockThatStandsStillOrStepsBackFindsOnlyWhatIsDue) {
    TimerQueue queue;
    TimerNode early, late;
    queue.arm(early, 10 * second);
    queue.arm(late, 20 * second);
    EXPECT_EQ(queue.pop_due(15 * second), &early);
    queue.arm(early, 12 * second);
    EXPECT_EQ(queue.pop_due(11 * second), nullptr);
    EXPECT_EQ(queue.next(), 12 * second);
    EXPECT_EQ(queue.pop_due(15 * second), &early);
    EXPECT_EQ(queue.pop_due(15 * second), nullptr);
}

TEST(TimerQueue, CancellingAndArmingWhilePoppingWorks) {
    TimerQueue queue;
    std::vector<TimerNode> nodes(64);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        queue.arm(nodes[i], static_cast<std::int64_t>(i));
    }
    std::size_t popped = 0;
    while (TimerNode* node = queue.pop_due(second)) {
        const auto i = static_cast<std::size_t>(node - nodes.data());
        ++popped;
        if (i % 2 == 0 && i < nodes.size()) {
            queue.cancel(nodes[i + 1]);
            queue.arm(*node, 2 * second);
        }
    }
    EXPECT_EQ(popped, nodes.size() / 2);
    EXPECT_EQ(queue.size(), nodes.size() / 2);
    EXPECT_EQ(queue.next(), 2 * second);
}

// CONFORMANCE 86
TEST(TimerQueue, ARearmedTimerFiresAtItsLastTimeAndCancelledOnesDoNotAccumulate) {
    TimerQueue queue;
    TimerNode node;
    std::size_t most = 0;
    for (std::int64_t i = 0; i < 1'000'000; ++i) {
        queue.arm(node, 60 * second + i % (30 * second));
        queue.cancel(node);
        if (i % 1000 == 0) {
            most = std::max(most, queue.bytes());
        }
    }
    EXPECT_TRUE(queue.empty());
    EXPECT_LT(most, std::size_t{256} * 1024);
    queue.arm(node, 5 * second);
    queue.cancel(node);
    queue.arm(node, 7 * second);
    EXPECT_EQ(queue.pop_due(6 * second), nullptr);
    EXPECT_EQ(queue.pop_due(7 * second), &node);
    EXPECT_EQ(queue.pop_due(7 * second), nullptr);
}

/// The queue's own promise; see TimerQueue::bytes.
std::size_t allowed_bytes(std::size_t armed) { return armed * 224 + 1024 * 1024; }

// CONFORMANCE 103
TEST(TimerQueue, MemoryFollowsWhatIsArmedNow) {
    TimerQueue queue;
    std::mt19937_64 random(3);
    std::vector<TimerNode> nodes(200'000);
    for (int round = 0; round < 3; ++round) {
        for (TimerNode& node : nodes) {
            queue.arm(node, static_cast<std::int64_t>(random() % (60ULL * second)));
        }
        EXPECT_LE(queue.bytes(), allowed_bytes(queue.size()));
        std::vector<std::size_t> order(nodes.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::shuffle(order.begin(), order.end(), random);
        for (std::size_t i = 0; i < order.size(); ++i) {
            queue.cancel(nodes[order[i]]);
            if (i % 10'000 == 0) {
                EXPECT_LE(queue.bytes(), allowed_bytes(queue.size()))
                    << "after " << i << " of round " << round;
            }
        }
    }
}

TEST(TimerQueue, ManyWithOneDeadlineEachCancelledAsTheEarliestStayInOrder) {
    TimerQueue queue;
    std::vector<TimerNode> nodes(5000);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        queue.arm(nodes[i], 100 * second + static_cast<std::int64_t>(i / 3));
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        ASSERT_EQ(queue.next(), 100 * second + static_cast<std::int64_t>(i / 3));
        queue.cancel(nodes[i]);
    }
    EXPECT_EQ(queue.next(), no_timer);
}

/// The queue beside the obvious implementation: both must agree on everything after each step.
class Model {
public:
    explicit Model(std::uint64_t seed) : random_(seed), nodes_(1 + random_() % 2000), places_(nodes_.size()) {
        now_ = seed % 2 == 0 ? 0 : 123'456 * second;
        spread_ = 10 + random_() % 45;  // bits: from a microsecond to years
    }

    void step() {
        switch (random_() % 16) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
            case 5:
            case 6:
            case 7:
                arm(pick());
                break;
            case 8:
            case 9:
            case 10:
            case 11:
            case 12:
                cancel(pick());
                break;
            case 13:
                advance();
                break;
            case 14:
                ASSERT_EQ(queue_.next(), first());
                break;
            default:
                jump_to_next();
                break;
        }
        ASSERT_EQ(queue_.size(), tree_.size());
    }

private:
    std::size_t pick() { return random_() % nodes_.size(); }
    std::int64_t length() { return static_cast<std::int64_t>(random_() >> (64 - 1 - random_() % spread_)); }
    std::int64_t first() const { return tree_.empty() ? no_timer : tree_.begin()->first; }

    void arm(std::size_t i) {
        if (nodes_[i].armed()) {
            return;
        }
        std::int64_t when = now_ + length();
        if (random_() % 8 == 0) {
            when -= second;
        }
        if (random_() % 4 == 0) {
            when &= ~std::int64_t{0xF'FFFF};  // many that are equal, and on the border of a bucket
        }
        queue_.arm(nodes_[i], when);
        places_[i] = tree_.emplace(when, i);
    }

    void cancel(std::size_t i) {
        if (nodes_[i].armed()) {
            queue_.cancel(nodes_[i]);
            tree_.erase(places_[i]);
        }
    }

    void jump_to_next() {
        const std::int64_t when = first();
        ASSERT_EQ(queue_.next(), when);
        now_ = when == no_timer ? now_ : std::max(now_, when);
        pop();
    }

    void advance() {
        now_ += length() / 4;
        pop();
    }

    void pop() {
        const auto habit = random_() % 3;
        while (TimerNode* node = queue_.pop_due(now_)) {
            const auto i = static_cast<std::size_t>(node - nodes_.data());
            ASSERT_FALSE(tree_.empty());
            ASSERT_EQ(tree_.begin()->second, i);
            ASSERT_LE(tree_.begin()->first, now_);
            tree_.erase(tree_.begin());
            if (habit == 0 && random_() % 4 == 0) {
                return;
            }
            if (habit == 1) {
                cancel(pick());
                arm(pick());
                if (random_() % 64 == 0) {
                    return;
                }
            }
        }
        ASSERT_GT(first(), now_);
    }

    std::mt19937_64 random_;
    TimerQueue queue_;
    std::multimap<std::int64_t, std::size_t> tree_;
    std::vector<TimerNode> nodes_;
    std::vector<std::multimap<std::int64_t, std::size_t>::iterator> places_;
    std::int64_t now_ = 0;
    std::uint64_t spread_ = 0;
};

TEST(TimerQueue, AgreesWithAnOrderedTreeUnderRandomSteps) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(seed);
        Model model(seed);
        for (int step = 0; step < 5000; ++step) {
            ASSERT_NO_FATAL_FAILURE(model.step());
        }
    }
}

}  // namespace
