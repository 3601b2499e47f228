// What holds for every type of the library that ends by its destructor: in a scope that is cancelled it can be left
// normally, by the cancellation, and by an error, and nothing stays behind.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <weft/testing/sequencer.hpp>
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include "core/hub.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

/// Cancels the scope, and leaves the object's block or returns.
using Leave = std::function<void()>;

/// Has an object of the type, with something under way in it where there can be, when it calls leave().
struct Type {
    const char* name;
    void (*use)(const Leave& leave);
};

/// Needs two waits of its own to end, whatever comes.
void clean_up_slowly() {
    struct Slow {
        ~Slow() {
            yield();
            sleep_for(1ms);
        }
    } const slow;
    sleep_for(1h);
}

/// Declared before an object: looks, once that has ended, at what it has left.
template <class Look>
class Afterwards {
public:
    explicit Afterwards(Look look) : look_(std::move(look)) {}
    Afterwards(const Afterwards&) = delete;
    Afterwards& operator=(const Afterwards&) = delete;
    ~Afterwards() {
        const Shield shield;  // it may wait, in the scope that is cancelled
        look_();
    }

private:
    Look look_;
};

/// A fiber that takes its lock again and again, and leaves it when the scope does.
template <class Lock, class Mutex>
void contend(const Leave& leave) {
    Mutex mutex;
    auto other = spawn([&] {
        for (;;) {
            const Lock lock(mutex);
            sleep_for(1ms);
        }
    });
    yield();
    const Lock lock(mutex);
    leave();
}

/// Leaves the loop over a pool's results at the first one, when two calls are under way and one is still to start.
template <bool ordered>
void leave_results_early(const Leave& leave) {
    Pool pool(2);
    const std::array numbers{1, 2, 3, 4};
    const auto call = [](int number) {
        if (number != 1) {
            clean_up_slowly();
        }
        return number;
    };
    auto results = ordered ? pool.imap(numbers, call) : pool.imap_unordered(numbers, call);
    for (const int result : results) {
        EXPECT_EQ(result, 1);
        testing::wait_all_parked();
        EXPECT_EQ(pool.size(), 2U);
        leave();
        break;
    }
}

const Type types[] = {
    {"Fiber",
     [](const Leave& leave) {
         auto running = spawn(&clean_up_slowly);
         yield();
         auto fresh = spawn(&clean_up_slowly);
         const FiberRef ref = running.ref();
         leave();
     }},
    {"Shield",
     [](const Leave& leave) {
         {
             const Shield shield;
             yield();
         }
         leave();
     }},
    {"Timeout",
     [](const Leave& leave) {
         const Timeout outer(1h);
         const Timeout inner(2h);
         leave();
     }},
    {"CancelScope",
     [](const Leave& leave) {
         CancelScope scope(1h);
         scope.run(leave);
     }},
    {"MoveOnAfter", [](const Leave& leave) { move_on_after(1h, leave); }},
    {"FailAfter", [](const Leave& leave) { fail_after(1h, leave); }},
    {"TaskGroup",
     [](const Leave& leave) {
         task_group([&](TaskGroup& group) {
             group.spawn(&clean_up_slowly);
             group.spawn_daemon(&clean_up_slowly);
             yield();
             group.spawn(&clean_up_slowly);
             leave();
         });
     }},
    {"LockOfMutex", &contend<std::unique_lock<Mutex>, Mutex>},
    {"LockOfRecursiveMutex", &contend<std::lock_guard<RecursiveMutex>, RecursiveMutex>},
    {"LockOfSharedMutex", &contend<std::unique_lock<SharedMutex>, SharedMutex>},
    {"SharedLockOfSharedMutex", &contend<std::shared_lock<SharedMutex>, SharedMutex>},
    {"ConditionVariable",
     [](const Leave& leave) {
         Mutex mutex;
         ConditionVariable condition;
         auto other = spawn([&] {
             std::unique_lock lock(mutex);
             condition.wait(lock);
         });
         yield();
         std::unique_lock lock(mutex);
         leave();
         condition.notify_all();
     }},
    {"Semaphore",
     [](const Leave& leave) {
         Semaphore semaphore(0);
         auto other = spawn([&] { semaphore.acquire(); });
         yield();
         leave();
     }},
    {"Event",
     [](const Leave& leave) {
         Event event;
         auto other = spawn([&] { event.wait(); });
         yield();
         leave();
     }},
    {"LatchBarrierWaitGroup",
     [](const Leave& leave) {
         Latch latch(2);
         Barrier barrier(2);
         WaitGroup jobs(1);
         auto one = spawn([&] { latch.arrive_and_wait(); });
         auto two = spawn([&] { barrier.arrive_and_wait(); });
         auto three = spawn([&] { jobs.wait(); });
         yield();
         leave();
     }},
    {"Once",
     [](const Leave& leave) {
         Once once;
         auto other = spawn([&] {
             yield();
             once.call([] {});
         });
         once.call(leave);
     }},
    {"FiberLocal",
     [](const Leave& leave) {
         struct Slow {
             ~Slow() { sleep_for(1ms); }
         };
         static FiberLocal<Slow> slow([] { return Slow{}; });
         auto other = spawn([] {
             slow.get();
             sleep_for(1h);
         });
         yield();
         leave();
     }},
    {"ChannelEnds",
     [](const Leave& leave) {
         auto ends = make_channel<int>(0);
         Channel<int> rendezvous;
         auto sender = spawn([&] { ends.sender.send(1); });
         auto receiver = spawn([&] { static_cast<void>(rendezvous.receive()); });
         yield();
         leave();
     }},
    {"PromiseAndFuture",
     [](const Leave& leave) {
         Promise<int> promise;
         const Future<int> future = promise.future();
         auto other = spawn([future] { future.get(); });
         yield();
         leave();
     }},
    {"Group",
     [](const Leave& leave) {
         Group group;
         static_cast<void>(group.spawn(&clean_up_slowly));
         yield();
         static_cast<void>(group.spawn(&clean_up_slowly));
         leave();
     }},
    {"Pool",
     [](const Leave& leave) {
         Pool pool(1);
         static_cast<void>(pool.spawn(&clean_up_slowly));
         auto other = spawn([&] { static_cast<void>(pool.spawn(&clean_up_slowly)); });
         yield();
         leave();
     }},
    {"Imap", &leave_results_early<true>},
    {"ImapUnordered", &leave_results_early<false>},
    {"ThreadPool",
     [](const Leave& leave) {
         Semaphore begun(0);
         Event go;
         std::atomic<bool> ended{false};
         Future<> queued;
         const Afterwards waited([&] {
             EXPECT_TRUE(ended) << "a job that has begun is waited for";
             EXPECT_THROW(queued.get(), BrokenPromise);
         });
         ThreadPool threads(1);
         static_cast<void>(threads.submit([&] {
             begun.release();
             go.wait();
             ended = true;
         }));
         begun.acquire();
         // That job ends only when the one behind it is dropped, so the pool finds it at work at its end.
         queued = threads.submit([release = std::shared_ptr<Event>(&go, [](Event* at) { at->set(); })] {
             ADD_FAILURE() << "the only thread is not free";
         });
         auto other = spawn([&] { threads.run([] { ADD_FAILURE() << "nor later"; }); });
         yield();
         leave();
     }},
    {"Runtime",
     [](const Leave& leave) {
         Semaphore begun(0);
         std::atomic<int> ended{0};
         const auto work = [&] {
             const Afterwards count([&] { ++ended; });
             begun.release();
             clean_up_slowly();
         };
         const Afterwards waited([&] { EXPECT_EQ(ended, 2) << "its fibers are waited for"; });
         // Real time passes on its hubs, so the limit is one that no slow machine reaches.
         Runtime runtime({.hubs = 2, .grace = 1h});
         runtime.spawn_detached(work);
         auto other = runtime.spawn(work);
         begun.acquire();
         begun.acquire();
         leave();
     }},
    {"RawFiber",
     [](const Leave& leave) {
         bool unwound = false;
         const Afterwards ended([&] { EXPECT_TRUE(unwound); });
         const RawFiber suspended([&](void* /*value*/) -> void* {
             const Afterwards slow([&] {
                 yield();
                 sleep_for(1ms);
                 unwound = true;
             });
             RawFiber::switch_to_parent();
             ADD_FAILURE();
             return nullptr;
         });
         suspended.switch_to();
         const RawFiber fresh([](void* /*value*/) -> void* {
             ADD_FAILURE();
             return nullptr;
         });
         leave();
     }},
    {"Debouncer",
     [](const Leave& leave) {
         // The fiber that was to make the call ends by itself, but not before somebody lets it run.
         const Afterwards dropped([] { testing::wait_all_parked(); });
         Debouncer debouncer(1h, [] { ADD_FAILURE() << "a call that has not begun is dropped"; });
         debouncer.trigger();
         yield();
         leave();
     }},
    {"Interval",
     [](const Leave& leave) {
         Event begun;
         auto ticking = interval(1ms, [&] {
             begun.set();
             clean_up_slowly();
         });
         begun.wait();
         auto fresh = interval(1ms, [] {});
         leave();
     }},
    {"BroadcastAndSubscription",
     [](const Leave& leave) {
         Broadcast<int> full(1);
         Broadcast<int> silent(1);
         auto slow = full.subscribe();
         full.send(1);
         auto sender = spawn([&] { full.send(2); });
         auto receiver = spawn([own = silent.subscribe()]() mutable { static_cast<void>(own.receive()); });
         yield();
         leave();
     }},
    {"BroadcastThatItsSubscriptionOutlives",
     [](const Leave& leave) {
         Fiber<> listener;
         Broadcast<int> broadcast(1);
         listener = spawn([own = broadcast.subscribe()]() mutable { static_cast<void>(own.next()); });
         yield();
         leave();
     }},
    {"AsFinished",
     [](const Leave& leave) {
         std::vector<Fiber<>> fibers;
         fibers.push_back(spawn(&clean_up_slowly));
         fibers.push_back(spawn([] {}));
         fibers.push_back(spawn(&clean_up_slowly));
         for (const Fiber<>& finished : as_finished(fibers)) {
             EXPECT_EQ(&finished, &fibers[1]);
             leave();
             break;
         }
     }},
    {"AsCompleted",
     [](const Leave& leave) {
         Promise<int> pending;
         Promise<int> kept;
         auto other = spawn([future = pending.future()] { static_cast<void>(future.get()); });
         yield();
         kept.set_value(1);
         for (const Future<int>& completed : as_completed(std::vector{pending.future(), kept.future()})) {
             EXPECT_EQ(completed.get(), 1);
             leave();
             break;
         }
     }},
    {"SequencerTurn",
     [](const Leave& leave) {
         testing::Sequencer sequencer;
         const Afterwards over([&] { EXPECT_NO_THROW(static_cast<void>(sequencer.turn(1, 0s))); });
         auto other = spawn([&] { static_cast<void>(sequencer.turn(2)); });
         yield();
         const auto turn = sequencer.turn(0);
         leave();
     }},
    {"VirtualTimeHold",
     [](const Leave& leave) {
         // Without end, if virtual time were still held.
         const Afterwards released([] { sleep_for(1ms); });
         const testing::VirtualTime::Hold outer;
         const testing::VirtualTime::Hold inner;
         leave();
     }},
    {"Stream",
     [](const Leave& leave) {
         auto ends = net::UnixStream::pair();
         auto other = spawn([&] {
             char byte[1];
             ends.second.read_exact(byte);
         });
         yield();
         leave();
     }},
    {"ListenerAndDatagram",
     [](const Leave& leave) {
         auto listener = net::TcpListener::listen("127.0.0.1:0");
         auto socket = net::UdpSocket::bind("127.0.0.1:0");
         auto other = spawn([&] { static_cast<void>(listener.accept()); });
         yield();
         leave();
     }},
    {"Server",
     [](const Leave& leave) {
         net::Server server(net::TcpListener::listen("127.0.0.1:0"),
                            [](const net::TcpStream&) { clean_up_slowly(); });
         server.start();
         const auto client = net::TcpStream::connect(server.endpoint());
         while (server.connections() == 0) {
             yield();
         }
         leave();
     }},
    {"SignalSet",
     [](const Leave& leave) {
         os::SignalSet signals{SIGUSR2};
         auto other = spawn([&] { static_cast<void>(signals.wait()); });
         yield();
         leave();
     }},
};

void PrintTo(const Type& type, std::ostream* out) { *out << type.name; }

struct OwnError {};

class EveryRaiiType : public ::testing::TestWithParam<std::tuple<Type, Clock>> {
protected:
    EveryRaiiType() {
        if (std::get<1>(GetParam()) == Clock::virtual_time) {
            virtual_time_.emplace();
        } else {
            impl::Hub::ensure();
        }
    }
    ~EveryRaiiType() override {
        EXPECT_EQ(impl::Hub::current()->live_fibers, 0U);
        EXPECT_EQ(impl::Hub::current()->running().scopes, nullptr);
        if (virtual_time_) {
            virtual_time_.reset();
        } else {
            EXPECT_TRUE(impl::Hub::end_current(5s));
        }
    }

    void use(const Leave& leave) const { std::get<0>(GetParam()).use(leave); }

private:
    std::optional<testing::VirtualTime> virtual_time_;
};

TEST_P(EveryRaiiType, IsLeftNormallyInACancelledScope) {
    CancelScope scope;
    int left = 0;
    scope.run([&] {
        use([&] {
            scope.cancel();
            ++left;
        });
    });
    EXPECT_EQ(left, 1);
}

TEST_P(EveryRaiiType, IsLeftByTheCancellationOfItsScope) {
    CancelScope scope;
    EXPECT_FALSE(scope.run([&] {
        use([&] {
            scope.cancel();
            yield();
            ADD_FAILURE();
        });
    }));
}

TEST_P(EveryRaiiType, IsLeftByAnErrorInACancelledScope) {
    CancelScope scope;
    bool thrown = false;
    try {
        scope.run([&] {
            use([&] {
                scope.cancel();
                throw OwnError{};
            });
        });
    } catch (const OwnError&) {
        thrown = true;
    } catch (const ExceptionGroup& group) {
        thrown = group.split<OwnError>().matched.size() == 1;
    }
    EXPECT_TRUE(thrown);
}

TEST_P(EveryRaiiType, IsLeftByTheCancellationOfItsFiber) {
    auto fiber = spawn([&] {
        use([] {
            this_fiber().cancel();
            yield();
            ADD_FAILURE();
        });
        ADD_FAILURE();
    });
    EXPECT_THROW(fiber.get(), Cancelled);
}

TEST_P(EveryRaiiType, IsLeftWhenItsFiberIsKilled) {
    Event there;  // some types have to wait for threads until they are
    auto fiber = spawn([&] {
        use([&] {
            there.set();
            sleep_for(1h);
        });
    });
    there.wait();
    testing::wait_all_parked();
    fiber.kill();
    EXPECT_THROW(fiber.get(), FiberExit);
}

std::string test_name(const ::testing::TestParamInfo<std::tuple<Type, Clock>>& of) {
    const Clock clock = std::get<1>(of.param);
    return std::string(std::get<0>(of.param).name) + (clock == Clock::libev ? "OnLibev" : "OnVirtualTime");
}

INSTANTIATE_TEST_SUITE_P(, EveryRaiiType,
                         ::testing::Combine(::testing::ValuesIn(types),
                                            ::testing::Values(Clock::virtual_time, Clock::libev)),
                         test_name);

}  // namespace
}  // namespace weft::test
