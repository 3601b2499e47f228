// Mailbox: letters in the order that the reader likes.
#include <weft/channel/mailbox.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include <weft/base/error.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(MailboxTest);

TEST_P(MailboxTest, WhatIsNotWantedNowStaysInItsOrder) {
    Mailbox<int> box;
    for (const int letter : {1, 2, 3, 4, 5}) {
        box.send(letter);
    }
    const auto even = [](int letter) { return letter % 2 == 0; };
    EXPECT_EQ(box.receive(even), 2);
    EXPECT_EQ(box.receive(), 1);
    EXPECT_EQ(box.receive(even), 4);
    EXPECT_EQ(box.try_receive(even), std::nullopt);
    EXPECT_EQ(box.receive(), 3);
    EXPECT_EQ(box.try_receive(), 5);
    EXPECT_EQ(box.try_receive(), std::nullopt);
}

TEST_P(MailboxTest, WaitsForTheOneThatIsWanted) {
    Mailbox<int> box;
    auto reader = spawn([&] { return box.receive([](int letter) { return letter > 2; }); });
    testing::wait_all_parked();
    box.send(1);
    box.send(2);
    testing::wait_all_parked();
    EXPECT_FALSE(reader.ready());
    box.send(3);
    EXPECT_EQ(reader.get(), 3);
    EXPECT_EQ(box.receive(), 1);
    EXPECT_EQ(box.receive(), 2);
}

TEST_P(MailboxTest, ItsLimitIsForAllItsWaitsTogether) {
    Mailbox<int> box;
    auto others = spawn([&] {
        for (;;) {
            sleep_for(4ms);
            box.send(0);
        }
    });
    const TimePoint before = now();
    EXPECT_THROW(box.receive([](int letter) { return letter != 0; }, 10ms), TimeoutError);
    EXPECT_GE(now() - before, 10ms);
    if (on_virtual_time()) {
        EXPECT_EQ(now() - before, 10ms);
    }
    EXPECT_EQ(box.receive(), 0) << "all are still there";
}

TEST_P(MailboxTest, ByKind) {
    using Letter = std::variant<int, std::string, std::unique_ptr<int>>;
    Mailbox<Letter> box;
    box.send(1);
    box.send(std::make_unique<int>(2));
    box.send("three");
    EXPECT_EQ(box.receive<std::string>(), "three");
    EXPECT_EQ(*box.receive<std::unique_ptr<int>>(1ms), 2);
    EXPECT_THROW(box.receive<std::string>(1ms), TimeoutError);
    EXPECT_EQ(box.receive<int>(), 1);
}

TEST_P(MailboxTest, APredicateThatThrowsTakesNothing) {
    Mailbox<int> box;
    box.send(1);
    box.send(2);
    const auto fails_at_2 = [](int letter) { return letter == 2 ? throw std::runtime_error("two") : false; };
    EXPECT_THROW(box.receive(fails_at_2), std::runtime_error);
    EXPECT_EQ(box.receive(), 1);
    EXPECT_EQ(box.receive(), 2);
}

TEST_P(MailboxTest, ClosedItGivesWhatIsLeft) {
    Mailbox<int> box;
    box.send(1);
    box.close();
    EXPECT_THROW(box.send(2), ChannelClosed);
    EXPECT_THROW(box.receive([](int letter) { return letter != 1; }), ChannelClosed);
    EXPECT_EQ(box.receive(), 1);
    EXPECT_THROW(box.receive(), ChannelClosed);
}

// CONFORMANCE 78
TEST_P(MailboxTest, ALetterThatCameFirstIsTakenWithoutAWaitAndTwoReadersStopTheProgram) {
    Mailbox<int> first;
    first.send(1);
    EXPECT_FALSE(testing::lets_others_run([&] { EXPECT_EQ(first.receive(), 1); }));
    EXPECT_DEATH(
        {
            Mailbox<int> box;
            auto reader = spawn([&] { box.receive(); });
            yield();
            box.receive(1ms);
        },
        "two receive from one Mailbox");
}

}  // namespace
}  // namespace weft
