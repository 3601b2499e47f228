// What trio programs do, with weft: docs/howto/from-asyncio-and-trio.md shows it side by side. Says where something is not
// as it says.
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/sequencer.hpp>
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

void check(bool right, int line = __builtin_LINE()) {
    if (right) return;
    std::fprintf(stderr, "from_trio.cpp:%d: it is not so\n", line);
    std::_Exit(1);
}

int f(int number) {
    weft::sleep_for(1s);
    return number * number;
}
void take_an_hour() { weft::sleep_for(1h); }

void serve(weft::Started<int>& started, int port) {
    started(port);
    take_an_hour();
}

void nurseries() {
    int sum = 0;
    auto add = [&sum](int number) { sum += f(number); };
    auto watch = take_an_hour;

    bool done = weft::task_group([&](weft::TaskGroup& group) {
        group.spawn(add, 1);
        group.spawn(add, 2);
        int port = group.start<int>(serve, 8080);
        check(port == 8080);
        group.spawn_daemon(watch);
        weft::sleep_for(2s);
        group.cancel();
    });

    check(!done && sum == 5);
}

void failures() {
    int errors = 0;
    try {
        weft::task_group([](weft::TaskGroup& group) {
            group.spawn(take_an_hour);
            group.spawn([] { throw std::runtime_error("no such host"); });
        });
    } catch (const weft::ExceptionGroup& failures) {
        failures.for_each<std::runtime_error>([&](const std::runtime_error&) { ++errors; });
    }
    check(errors == 1);
}

void scopes() {
    bool done = weft::move_on_after(1s, take_an_hour);
    check(!done);
    try {
        weft::fail_after(1s, take_an_hour);
        check(false);
    } catch (const weft::TimeoutError&) {
    }

    weft::CancelScope scope;
    auto other = weft::spawn([&] { scope.cancel(); });
    scope.run(take_an_hour);
    check(scope.cancelled() && scope.cut_short());

    weft::CancelScope limited(1s);
    limited.run([&] {
        limited.set_deadline(weft::now() + 5s);
        f(1);
        check(!weft::current_effective_deadline().is_never());
        try {
            take_an_hour();
        } catch (const weft::Cancelled&) {
            weft::Shield shield;
            weft::move_on_after(2s, take_an_hour);
            throw;
        }
    });
    check(limited.cut_short());
    weft::check_cancelled();
    weft::yield();
}

void memory_channels() {
    auto [sender, receiver] = weft::make_channel<int>(2);
    {
        weft::Sender<int> copy = sender;
        copy.send(1);
    }
    check(sender.try_send(2));
    check(!sender.try_send(3));
    check(receiver.receive() == 1);
    sender.close();
    int last = 0;
    for (const int item : receiver) last = item;
    check(last == 2);
    try {
        receiver.receive();
        check(false);
    } catch (const weft::ChannelClosed&) {
    }

    auto [to_nobody, gone] = weft::make_channel<int>();
    gone.close();
    try {
        to_nobody.send(1);
        check(false);
    } catch (const weft::ChannelBroken&) {
    }
}

void synchronisation() {
    weft::Event event;
    weft::Mutex lock;
    weft::CapacityLimiter limiter(2);
    weft::Semaphore slots(2);
    auto setter = weft::spawn([&] { event.set(); });
    event.wait();
    const std::scoped_lock locked(lock);
    limiter.acquire();
    check(limiter.borrowed() == 1);
    limiter.release();
    slots.acquire();
    slots.release();

    static weft::FiberLocal<std::string> request;
    *request = "main";
    weft::spawn([] { check(request->empty()); }).get();
}

void threads() {
    auto compute = [](int number) { return number * number; };
    check(weft::run_blocking(compute, 5) == 25);

    weft::HubRef token = weft::this_hub();
    auto in_thread = [token] { return weft::spawn_on(token, f, 2).get(); };
    check(weft::run_blocking(in_thread) == 4);
}

void testing() {
    weft::testing::VirtualTime clock;
    const weft::TimePoint start = weft::now();
    take_an_hour();
    check(weft::now() - start == 1h);

    weft::Event event;
    auto waiter = weft::spawn([&] { event.wait(); });
    weft::testing::wait_all_parked();
    check(!waiter.ready());
    event.set();

    std::string order;
    weft::testing::Sequencer sequencer;
    auto second = weft::spawn([&] {
        auto turn = sequencer.turn(1);
        order += "b";
    });
    {
        auto turn = sequencer.turn(0);
        order += "a";
    }
    second.join();
    check(order == "ab");
    check(weft::testing::lets_others_run([] { weft::yield(); }));

    auto [here, there] = weft::net::UnixStream::pair();
    here.write_all("hello");
    there.wait_readable();
    char buffer[5];
    there.read_exact(buffer);
}

int main() {
    {
        weft::testing::VirtualTime time;
        nurseries();
        failures();
        scopes();
        memory_channels();
        synchronisation();
        threads();
    }
    testing();
    std::puts("all is so");
}
// expect: all is so
