// Task groups: nothing outlives them, the first failure cancels the rest, and every failure comes out.
#include <weft/scope/task_group.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/fiber_local.hpp>
#include <weft/core/run.hpp>
#include <weft/scope/cancel_scope.hpp>
#include <weft/scope/scope.hpp>
#include <weft/scope/timeout.hpp>

#include "support/host.hpp"
#include "support/hub_fixture.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(TaskGroupTest);

/// The texts of what a group throws, in order; empty if it returns.
template <class F>
std::vector<std::string> failures_of(F&& block) {
    std::vector<std::string> texts;
    try {
        task_group(std::forward<F>(block));
    } catch (const ExceptionGroup& group) {
        group.for_each<std::exception>(
            [&](const std::exception& error) { texts.emplace_back(error.what()); });
    }
    return texts;
}

struct Note {
    std::string& text;
    const char* what;
    ~Note() { text += what; }
};

// CONFORMANCE 274
TEST_P(TaskGroupTest, LeavingItWaitsForAllMembers) {
    int ended = 0;
    EXPECT_TRUE(task_group([&](TaskGroup& group) {
        for (int i = 0; i < 3; ++i) {
            group.spawn([&ended, i] {
                sleep_for(std::chrono::milliseconds(i));
                ++ended;
            });
        }
        EXPECT_EQ(group.size(), 3U);
        EXPECT_EQ(ended, 0);
    }));
    EXPECT_EQ(ended, 3);
    EXPECT_TRUE(task_group([] {})) << "an empty one";
}

TEST_P(TaskGroupTest, MembersMayStartMembers) {
    int ended = 0;
    task_group([&](TaskGroup& group) {
        group.spawn([&] {
            sleep_for(1ms);
            group.spawn(
                SpawnOptions{.name = "grandchild"}, [&](int by) { ended += by; }, 2);
            ++ended;
        });
    });
    EXPECT_EQ(ended, 3);
}

TEST_P(TaskGroupTest, AMembersArgumentsAndLocalsEndBeforeTheGroup) {
    static std::string steps;
    steps.clear();
    struct Local {
        ~Local() {
            sleep_for(2ms);
            steps += "local ";
        }
    };
    static FiberLocal<Local> local([] { return Local{}; });
    struct Argument {
        Argument() = default;
        Argument(Argument&& other) noexcept : owner(std::exchange(other.owner, false)) {}
        ~Argument() {
            if (owner) {
                steps += "argument ";
            }
        }
        bool owner = true;
    };
    task_group([&](TaskGroup& group) { group.spawn([](const Argument&) { local.get(); }, Argument()); });
    steps += "left";
    EXPECT_EQ(steps.substr(steps.find("argument")), "argument local left");
}

// CONFORMANCE 275
TEST_P(TaskGroupTest, AFailingMemberCancelsTheOthersAndWakesTheBlock) {
    std::string steps;
    EXPECT_EQ(failures_of([&](TaskGroup& group) {
                  group.spawn([&] {
                      const Note note{steps, "sibling "};
                      sleep_for(1h);
                  });
                  group.spawn([] {
                      sleep_for(1ms);
                      throw std::runtime_error("first");
                  });
                  const Note note{steps, "block "};
                  sleep_for(1h);
              }),
              std::vector<std::string>{"first"});
    EXPECT_EQ(steps.size(), std::string("sibling block ").size());
}

// CONFORMANCE 276
TEST_P(TaskGroupTest, WhatBlockAndMembersThrowIsInOneGroupInTheOrderOfTime) {
    struct Fails {
        ~Fails() = default;
    };
    EXPECT_EQ(failures_of([&](TaskGroup& group) {
                  for (const char* text : {"cleanup one", "cleanup two"}) {
                      group.spawn([text] {
                          try {
                              sleep_for(1h);
                          } catch (const Cancelled&) {
                              throw std::runtime_error(text);
                          }
                      });
                  }
                  yield();
                  throw std::runtime_error("block");
              }),
              (std::vector<std::string>{"block", "cleanup one", "cleanup two"}));
}

TEST_P(TaskGroupTest, AFailureWhileTheBlockOnlyWaitsForItsMembersEndsThem) {
    std::string steps;
    EXPECT_EQ(failures_of([&](TaskGroup& group) {
                  group.spawn([&] {
                      const Note note{steps, "ended"};
                      sleep_for(1h);
                  });
                  group.spawn([] {
                      sleep_for(1ms);
                      throw std::runtime_error("late");
                  });
              }),
              std::vector<std::string>{"late"});
    EXPECT_EQ(steps, "ended");
}

// CONFORMANCE 277
TEST_P(TaskGroupTest, SpawningIsAnErrorBeforeAndAfterAndAllowedWhileItWaits) {
    TaskGroup group;
    int ran = 0;
    EXPECT_THROW(group.spawn([&] { ++ran; }), std::logic_error);
    group.run([&] {
        group.spawn([&] {
            sleep_for(1ms);
            group.spawn([&] { ++ran; });
        });
    });
    EXPECT_EQ(ran, 1);
    EXPECT_THROW(group.spawn([&] { ++ran; }), std::logic_error);
    EXPECT_EQ(ran, 1);
    EXPECT_DEATH(group.run([] {}), "a task group is run twice");
}

TEST_P(TaskGroupTest, InACancelledOneAMemberRunsToItsFirstWait) {
    std::string steps;
    EXPECT_FALSE(task_group([&](TaskGroup& group) {
        group.cancel();
        group.spawn([&] {
            steps += "ran ";
            yield();
            steps += "never";
        });
    }));
    EXPECT_EQ(steps, "ran ");
}

TEST_P(TaskGroupTest, CancelEndsMembersAndBlockWithoutAFailure) {
    TaskGroup group;
    std::string steps;
    auto canceller = spawn([&] { group.cancel("enough"); });
    EXPECT_FALSE(group.run([&] {
        group.spawn([&] {
            try {
                sleep_for(1h);
            } catch (const Cancelled&) {
                steps += "member ";
                throw;
            }
        });
        const Note note{steps, "block "};
        sleep_for(1h);
    }));
    EXPECT_TRUE(group.cancelled());
    EXPECT_TRUE(group.stop_token().stop_requested());
    EXPECT_EQ(steps.size(), std::string("member block ").size());
}

TEST_P(TaskGroupTest, CancelledByAThreadItEnds) {
    TaskGroup group;
    std::optional<testing::VirtualTime::Hold> hold(std::in_place);
    std::thread thread([&] { group.cancel(); });
    EXPECT_FALSE(group.run([&] {
        for (int i = 0; i < 10; ++i) {
            group.spawn([] { sleep_for(1h); });
        }
    }));
    thread.join();
}

TEST_P(TaskGroupTest, ItsDeadlineCancelsIt) {
    const TimePoint before = now();
    EXPECT_FALSE(task_group(TaskGroupOptions{.deadline = 2ms},
                            [](TaskGroup& group) { group.spawn([] { sleep_for(1h); }); }));
    EXPECT_GE(now() - before, 2ms);
    EXPECT_FALSE(task_group([](TaskGroup& group) {
        group.spawn([&] { group.set_deadline(now() + 1ms); });
        group.spawn([] { sleep_for(1h); });
    }));
}

TEST_P(TaskGroupTest, AnOuterCancellationReachesMembersAndPassesThroughAfterTheirEnd) {
    std::string steps;
    auto fiber = spawn([&] {
        const Note note{steps, "owner "};
        task_group([&](TaskGroup& group) {
            group.spawn([&] {
                const Note inner{steps, "member "};
                sleep_for(1h);
            });
        });
        steps += "never";
    });
    testing::wait_all_parked();
    fiber.cancel();
    EXPECT_THROW(fiber.get(), Cancelled);
    EXPECT_EQ(steps, "member owner ");
    EXPECT_FALSE(
        move_on_after(1ms, [] { task_group([](TaskGroup& group) { group.spawn([] { sleep_for(1h); }); }); }));
}

TEST_P(TaskGroupTest, AnOuterCancellationReachesMembersThoughTheBlockIsShielded) {
    bool member_ended = false;
    CancelScope scope;
    EXPECT_FALSE(scope.run([&] {
        task_group([&](TaskGroup& group) {
            group.spawn([&] {
                try {
                    sleep_for(1h);
                } catch (const Cancelled&) {
                    member_ended = true;
                }
            });
            const Shield shield;
            yield();
            scope.cancel();
            sleep_for(1ms);
            EXPECT_TRUE(member_ended);
        });
    }));
}

TEST_P(TaskGroupTest, AFailureOutlivesAnOuterCancellation) {
    // The cancellation is a level: it strikes again at the next wait, and only the failure would be lost.
    std::string steps;
    EXPECT_FALSE(move_on_after(1ms, [&] {
        EXPECT_EQ(failures_of([](TaskGroup& group) {
                      group.spawn([] {
                          try {
                              sleep_for(1h);
                          } catch (const Cancelled&) {
                              throw std::runtime_error("cleanup");
                          }
                      });
                  }),
                  std::vector<std::string>{"cleanup"});
        steps += "caught ";
        yield();
        steps += "never";
    }));
    EXPECT_EQ(steps, "caught ");
}

TEST_P(TaskGroupTest, AnOuterTimeoutsExceptionPassesThroughAsItIs) {
    Timeout limit(1ms);
    EXPECT_FALSE(limit.run([] { task_group([](TaskGroup& group) { group.spawn([] { sleep_for(1h); }); }); }));
}

TEST_P(TaskGroupTest, AKillOfItsFiberEndsMembersAndGoesOn) {
    bool ended = false;
    auto fiber = spawn([&] {
        task_group([&](TaskGroup& group) {
            group.spawn([&] {
                try {
                    sleep_for(1h);
                } catch (const Cancelled&) {
                    ended = true;
                }
            });
        });
    });
    testing::wait_all_parked();
    fiber.kill();
    EXPECT_THROW(fiber.get(), FiberExit);
    EXPECT_TRUE(ended);
}

TEST_P(TaskGroupTest, AMemberThatIsKilledHasNotFailed) {
    FiberRef victim;
    int ended = 0;
    EXPECT_TRUE(task_group([&](TaskGroup& group) {
        group.spawn([&] {
            victim = this_fiber();
            sleep_for(1h);
        });
        group.spawn([&] {
            yield();
            victim.kill();
            sleep_for(1ms);
            ++ended;
        });
    }));
    EXPECT_EQ(ended, 1);
}

TEST_P(TaskGroupTest, GroupsNestAndTheInnerOnesFailureIsAnOuterOnesMember) {
    std::string steps;
    try {
        task_group([&](TaskGroup& outer) {
            outer.spawn([&] {
                const Note note{steps, "sibling "};
                sleep_for(1h);
            });
            outer.spawn([&] {
                task_group([&](TaskGroup& inner) {
                    inner.spawn([] { throw std::system_error(std::make_error_code(std::errc::io_error)); });
                    inner.spawn([] { throw std::runtime_error("second"); });
                });
            });
        });
        FAIL();
    } catch (const ExceptionGroup& group) {
        EXPECT_EQ(group.exceptions().size(), 1U);
        EXPECT_EQ(group.leaves().size(), 2U);
        const auto parts = group.split<std::system_error>();
        EXPECT_EQ(parts.matched.size(), 1U);
        EXPECT_EQ(parts.rest.size(), 1U);
        EXPECT_EQ(std::string(group.what()).substr(0, 23), "1 failure: 2 failures: ");
    }
    EXPECT_EQ(steps, "sibling ");
}

TEST_P(TaskGroupTest, ADestructorMayRunOneWhileAnExceptionUnwindsIt) {
    int done = 0;
    struct CleansUp {
        int& count;
        ~CleansUp() {
            task_group([&](TaskGroup& group) {
                for (int i = 0; i < 3; ++i) {
                    group.spawn([this] {
                        sleep_for(1ms);
                        ++count;
                    });
                }
            });
        }
    };
    EXPECT_THROW(
        {
            const CleansUp clean{done};
            throw std::runtime_error("unwinding");
        },
        std::runtime_error);
    EXPECT_EQ(done, 3);
    EXPECT_FALSE(move_on_after(1ms, [&] {
        const CleansUp clean{done};
        sleep_for(1h);
    }));
    EXPECT_EQ(done, 6) << "clean-up is not cut short by what it cleans up after";
}

// CONFORMANCE 278
TEST_P(TaskGroupTest, StartWaitsUntilTheMemberIsReady) {
    std::string steps;
    task_group([&](TaskGroup& group) {
        const int port = group.start<int>(
            [&](Started<int>& started, int wanted) {
                sleep_for(1ms);
                steps += "ready ";
                started(wanted);
                sleep_for(1ms);
                steps += "served ";
            },
            7000);
        EXPECT_EQ(port, 7000);
        steps += "goes on ";
        group.start([](Started<>& started) { started(); });
        EXPECT_THROW(group.start([](Started<>&) { throw std::runtime_error("no port"); }), std::runtime_error)
            << "in the caller, and not a failure of the group";
        EXPECT_THROW(group.start([](Started<>&) {}), std::logic_error) << "never called";
    });
    EXPECT_EQ(steps, "ready goes on served ");
    EXPECT_EQ(failures_of([](TaskGroup& group) {
                  group.start([](Started<>& started) {
                      started();
                      throw std::runtime_error("later");
                  });
              }),
              std::vector<std::string>{"later"});
}

TEST_P(TaskGroupTest, WhileAMemberIsNotReadyTheGroupStaysOpen) {
    int ready = 0;
    TaskGroup group;
    group.run([&] {
        group.spawn([&] {
            ready = group.start<int>([](Started<int>& started) {
                sleep_for(2ms);
                started(1);
            });
        });
    });
    EXPECT_EQ(ready, 1);
}

TEST_P(TaskGroupTest, AStartThatIsInterruptedHasEndedItsMember) {
    bool ended = false;
    task_group([&](TaskGroup& group) {
        EXPECT_FALSE(move_on_after(1ms, [&] {
            group.start([&](Started<>&) {
                const Note* none = nullptr;
                static_cast<void>(none);
                try {
                    sleep_for(1h);
                } catch (const Cancelled&) {
                    ended = true;
                    throw;
                }
            });
        }));
        EXPECT_TRUE(ended);
        EXPECT_FALSE(move_on_after(now() - 1ms, [&] { group.start([](Started<>&) { sleep_for(1h); }); }))
            << "before it has begun";
    });
}

// CONFORMANCE 287
TEST_P(TaskGroupTest, TheFirstThatReturnsMayEndTheGroupAndDaemonsEndWithIt) {
    Duration slept{};
    std::string steps;
    EXPECT_TRUE(task_group(TaskGroupOptions{.until = GroupEnd::any}, [&](TaskGroup& group) {
        for (const Duration delay : std::initializer_list<Duration>{2h, 10ms, 1h}) {
            group.spawn([&, delay] {
                sleep_for(delay);
                slept = delay;
            });
        }
        group.spawn_daemon([] {});  // its return does not count
    }));
    EXPECT_EQ(slept, 10ms);
    EXPECT_TRUE(task_group([&](TaskGroup& group) {
        group.spawn_daemon([&] {
            const Note note{steps, "daemon"};
            sleep_for(1h);
        });
        group.spawn([&] {
            sleep_for(1ms);
            steps += "member ";
        });
    }));
    EXPECT_EQ(steps, "member daemon");
    EXPECT_THROW(task_group(TaskGroupOptions{.until = GroupEnd::any},
                            [](TaskGroup& group) {
                                group.spawn([] { throw std::runtime_error("fails first"); });
                                group.spawn([] { sleep_for(1ms); });
                            }),
                 ExceptionGroup);
}

TEST_P(TaskGroupTest, MembersMayLiveOnOtherHubs) {
    const testing::VirtualTime::Hold hold;
    const test::Host host;
    std::atomic<int> ended{0};
    EXPECT_TRUE(task_group([&](TaskGroup& group) {
        for (int i = 0; i < 10; ++i) {
            group.spawn(SpawnOptions{.hub = host.hub()}, [&] {
                yield();
                ++ended;
            });
        }
    }));
    EXPECT_EQ(ended, 10);
    EXPECT_EQ(failures_of([&](TaskGroup& group) {
                  group.spawn(SpawnOptions{.hub = host.hub()}, [&] {
                      const Shield shield;
                      throw std::runtime_error("over there");
                  });
                  group.spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); });
                  group.spawn([] { sleep_for(1h); });
              }),
              std::vector<std::string>{"over there"});
    EXPECT_FALSE(task_group([&](TaskGroup& group) {
        group.cancel();
        group.spawn(SpawnOptions{.hub = host.hub()}, [] { sleep_for(1h); });
    }));
}

TEST_P(TaskGroupTest, AMemberForAHubThatHasEndedIsAnError) {
    HubRef gone;
    std::thread([&] { run([&] { gone = this_hub(); }); }).join();
    EXPECT_TRUE(task_group([&](TaskGroup& group) {
        EXPECT_THROW(group.spawn(SpawnOptions{.hub = gone}, [] {}), std::invalid_argument);
    }));
}

TEST_P(TaskGroupTest, ADeadlockOfItsMembersComesOutOfIt) {
    if (!on_virtual_time()) {
        return;
    }
    EXPECT_THROW(task_group([](TaskGroup& group) { group.spawn([] { sleep_until(TimePoint::max()); }); }),
                 ExceptionGroup);
}

// CONFORMANCE 296
TEST_P(TaskGroupTest, TheFibersOfOneThatDiesMayBeGivenAnErrorOfTheirOwn) {
    struct ParentHasDied {};
    bool told = false;
    Fiber<> child;
    auto parent = spawn([&] {
        child = spawn([&] {
            try {
                sleep_for(1h);
            } catch (const ParentHasDied&) {
                told = true;
            }
        });
        this_fiber().link_exception(
            [of = child.ref()](const FiberOutcome&) { of.kill(std::make_exception_ptr(ParentHasDied{})); });
        yield();
        throw std::runtime_error("dies");
    });
    EXPECT_THROW(parent.get(), std::runtime_error);
    child.join();
    EXPECT_TRUE(told);
}

TEST(TaskGroupThread, OnAThreadWithoutAHubItGetsOne) {
    int ran = 0;
    run([&] { task_group([&](TaskGroup& group) { group.spawn([&] { ++ran; }); }); });
    EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace weft
