// What holds for every type of the library that ends by its destructor: in a scope that is cancelled it can be left
// normally, by the cancellation, and by an error, and nothing stays behind.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <optional>
#include <ostream>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <tuple>

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
    auto fiber = spawn([&] { use([] { sleep_for(1h); }); });
    for (int i = 0; i < 10; ++i) {
        yield();
    }
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
