// What asyncio programs do, with weft: docs/howto/from-asyncio-and-trio.md shows it side by side. Says where something is
// not as it says.
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

void check(bool right, int line = __builtin_LINE()) {
    if (right) return;
    std::fprintf(stderr, "from_asyncio.cpp:%d: it is not so\n", line);
    std::_Exit(1);
}

int f(int number) {
    weft::sleep_for(1s);
    return number * number;
}
void take_an_hour() { weft::sleep_for(1h); }

void tasks() {
    int result = f(3);
    check(result == 9);
    auto task = weft::spawn(f, 4);
    check(!task.ready());
    check(task.get() == 16);

    auto other = weft::spawn({.name = "other"}, take_an_hour);
    weft::yield();
    other.cancel_and_join();
    check(!other.successful());

    int calls = 0;
    auto callback = [&calls](const weft::FiberOutcome&) { ++calls; };
    auto third = weft::spawn(f, 5);
    third.link(callback);
    third.join();
    weft::DelayedCall handle = weft::call_later(1s, [&] { ++calls; });
    weft::sleep_for(2s);
    check(calls == 2 && !handle.cancel());
    weft::FiberRef me = weft::this_fiber();
    check(me.alive());
}

void several() {
    const std::vector<int> numbers{1, 2, 3};
    weft::Pool pool(numbers.size());
    std::vector<int> results = pool.map(numbers, f);
    check(results == std::vector({1, 4, 9}));

    weft::Group group;
    std::vector<weft::Future<int>> futures;
    for (int number : numbers) futures.push_back(group.spawn(f, number));
    check(weft::all(futures) == results);
    int sum = 0;
    for (weft::Future<int>& future : weft::as_completed(futures)) sum += future.get();
    check(sum == 14);
    check(weft::race(futures) == 1);
}

void task_groups() {
    int sum = 0;
    auto add = [&sum](int number) { sum += f(number); };

    weft::task_group([&](weft::TaskGroup& group) {
        group.spawn(add, 1);
        group.spawn(add, 2);
    });

    check(sum == 5);
    try {
        weft::task_group([](weft::TaskGroup& group) {
            group.spawn(take_an_hour);
            group.spawn([] { throw std::runtime_error("no such host"); });
        });
        check(false);
    } catch (const weft::ExceptionGroup& failures) {
        int values = 0;
        failures.for_each<std::runtime_error>([&](const std::runtime_error&) { ++values; });
        check(values == 1);
    }
}

void limits() {
    try {
        weft::fail_after(500ms, [] { return f(3); });
        check(false);
    } catch (const weft::TimeoutError&) {
    }
    weft::CancelScope scope(1s);
    bool done = scope.run([&] {
        scope.set_deadline(weft::now() + 2s);
        f(3);
        take_an_hour();
    });
    check(!done);

    auto saved = weft::spawn([] {
        weft::Shield shield;
        f(3);
    });
    weft::yield();
    saved.cancel();
    saved.join();
    check(saved.successful());
}

void synchronisation() {
    weft::Event event;
    weft::Mutex lock;
    weft::Semaphore slots(2);
    weft::Barrier barrier(1);
    auto setter = weft::spawn([&] { event.set(); });
    event.wait();
    { std::scoped_lock locked(lock); }
    slots.acquire();
    slots.release();
    check(barrier.arrive_and_wait());

    weft::Promise<int> promise;
    weft::Future<int> future = promise.future();
    promise.set_value(42);
    check(future.get() == 42);

    weft::JoinableQueue<int> queue(2);
    auto worker = weft::spawn([&] {
        for (const int item : queue) {
            f(item);
            queue.task_done();
        }
    });
    queue.put(1);
    check(queue.try_put(2));
    queue.join();
    check(!queue.try_get());
    queue.shutdown();
}

void threads() {
    auto compute = [](int number) { return number * number; };
    check(weft::run_blocking(compute, 5) == 25);
    weft::ThreadPool executor(2);
    weft::Future<int> future = executor.submit(compute, 6);
    check(future.get() == 36);
}

void streams() {
    auto on_client = [](weft::net::TcpStream client) {
        char buffer[5];
        client.read_exact(buffer);
        client.write_all({buffer, sizeof buffer});
    };
    weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0"), on_client);
    server.start();
    auto connection = weft::net::TcpStream::connect(server.endpoint(), 5s);
    connection.write_all("hello");
    char buffer[64];
    connection.read_exact({buffer, 5});
    check(connection.read_some(buffer) == 0);
    server.stop();

    weft::HubRef loop = weft::this_hub();
    weft::Event told;
    std::thread outside([&] { weft::spawn_on(loop, [&] { told.set(); }).get(); });
    told.wait();
    outside.join();

    weft::os::SignalSet signals{SIGTERM};
    std::raise(SIGTERM);
    check(signals.wait() == SIGTERM);
}

void looking_inside() {
    const std::string everybody = weft::diag::dump_text();
    check(everybody.find("running") != std::string::npos);
    weft::diag::Watchdog watchdog({.limit = 100ms});
    check(weft::diag::metrics().hubs.front().fibers == 0);
}

int main() {
    {
        weft::testing::VirtualTime time;
        tasks();
        several();
        task_groups();
        limits();
        synchronisation();
    }
    weft::run(threads);
    weft::run(streams);
    weft::run(looking_inside);
    std::puts("all is so");
}
// expect: all is so
