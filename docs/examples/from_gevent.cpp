// What gevent programs do, with weft: docs/howto/from-gevent.md shows it side by side. Says where something is not as it
// says.
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

void check(bool right, int line = __builtin_LINE()) {
    if (right) return;
    std::fprintf(stderr, "from_gevent.cpp:%d: it is not so\n", line);
    std::_Exit(1);
}

template <class Error, class F>
void check_throws(F&& fn, int line = __builtin_LINE()) {
    try {
        fn();
    } catch (const Error&) {
        return;
    }
    check(false, line);
}

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int f(int number) { return number * number; }
void take_an_hour() { weft::sleep_for(1h); }

void fibers() {
    auto fiber = weft::spawn(f, 3);
    auto late = weft::spawn_later(1s, f, 4);
    auto lazy = weft::spawn({.lazy = true}, f, 5);
    lazy.start();
    weft::spawn_detached(f, 6);

    fiber.join();
    check(fiber.ready() && fiber.successful() && !fiber.exception());
    check(fiber.get() == 9);
    check_throws<weft::TimeoutError>([&] { late.join(100ms); });
    check(late.get(1s) == 16);
    check(lazy.get() == 25);

    weft::yield();
    weft::sleep_for(1s);
    weft::FiberRef me = weft::this_fiber();
    check(me.alive());
    check(weft::dump_fibers().find("sleep") == std::string::npos);
}

void ends() {
    auto sleeper = weft::spawn(take_an_hour);
    weft::yield();
    sleeper.kill_and_join();
    check(sleeper.ready() && !sleeper.successful());

    auto other = weft::spawn(take_an_hour);
    weft::yield();
    other.kill(std::make_exception_ptr(Refused("not today")));
    check_throws<Refused>([&] { other.get(); });

    int links = 0;
    auto callback = [&links](const weft::FiberOutcome&) { ++links; };
    auto fiber = weft::spawn(f, 3);
    fiber.link(callback);
    fiber.link_value(callback);
    fiber.link_exception(callback);
    weft::LinkToken token = fiber.link(callback);
    fiber.unlink(token);
    fiber.join();
    weft::sleep_for(1ms);
    check(links == 2);
}

void several() {
    std::vector<weft::Fiber<int>> fibers;
    for (int number = 1; number <= 3; ++number) fibers.push_back(weft::spawn(f, number));
    weft::join_all(fibers, 1s);
    weft::join_all_or_throw(fibers);
    int sum = 0;
    for (const auto& fiber : weft::as_finished(fibers)) sum += fiber.ready() ? 1 : 0;
    check(sum == 3);

    weft::Event event;
    auto setter = weft::spawn([&] { event.set(); });
    check(weft::wait_any({event, setter}, 1s) == 0);
    check(weft::wait({event, setter}).size() == 2);

    std::vector<weft::Fiber<>> sleepers;
    sleepers.push_back(weft::spawn(take_an_hour));
    weft::kill_all(sleepers);
    check(sleepers.front().ready());
}

void timeouts() {
    check_throws<weft::TimeoutError>([] { weft::fail_after(1s, take_an_hour); });
    bool done = weft::move_on_after(1s, take_an_hour);
    check(!done);
    auto slow = [] {
        take_an_hour();
        return 54;
    };
    check(weft::with_timeout(1s, 42, slow) == 42);
    check_throws<Refused>([] {
        weft::Timeout limit(1s, std::make_exception_ptr(Refused("too slow")));
        take_an_hour();
    });
}

void own_timeout() {
    bool mine = false;
    auto work = take_an_hour;

    weft::Timeout timeout(1s);
    try {
        work();
    } catch (const weft::TimeoutExpired& expired) {
        if (!timeout.is(expired)) throw;
        mine = true;
    }

    check(mine);
}

void events() {
    weft::Event event;
    auto setter = weft::spawn([&] { event.set(); });
    event.wait();
    check(event.is_set());
    event.reset();
    check_throws<weft::TimeoutError>([&] { event.wait(1s); });

    weft::Promise<int> promise;
    weft::Future<int> result = promise.future();
    check(!result.ready());
    promise.set_value(42);
    check(result.get() == 42);

    weft::Promise<int> failing;
    weft::Future<int> failure = failing.future();
    failing.set_exception(std::make_exception_ptr(Refused("no")));
    check_throws<Refused>([&] { failure.get(1s); });
    check(failure.exception() != nullptr);
}

void locks() {
    weft::Semaphore slots(2);
    slots.acquire();
    check(slots.try_acquire());
    check(!slots.try_acquire_for(1s));
    slots.release(2);
    check(slots.available() == 2);
    weft::BoundedSemaphore bounded(2);

    weft::RecursiveMutex lock;
    std::scoped_lock locked(lock);
    std::scoped_lock again(lock);

    static weft::FiberLocal<std::string> user;
    *user = "main";
    weft::spawn([] { check(user->empty()); }).get();
    check(*user == "main");
}

void queues() {
    weft::Queue<int> queue(2);
    queue.put(1);
    check(queue.try_put(2));
    check(!queue.try_put(3));
    check_throws<weft::TimeoutError>([&] { queue.put(3, 1s); });
    check(queue.peek() == 1);
    check(queue.get() == 1);
    check(queue.size() == 1);
    queue.shutdown();
    std::optional<int> last = queue.try_get();
    check(last == 2);
    for (const int item : queue) check(item == 0);

    weft::PriorityQueue<int> smallest_first;
    weft::LifoQueue<int> newest_first;
    weft::Channel<int> channel;
    auto getter = weft::spawn([&] { return channel.receive(); });
    channel.send(7);
    check(getter.get() == 7);

    weft::JoinableQueue<int> jobs;
    auto worker = weft::spawn([&] {
        for (const int job : jobs) {
            f(job);
            jobs.task_done();
        }
    });
    jobs.put(1);
    jobs.join();
    jobs.shutdown();
}

void pools() {
    const std::vector<int> numbers{1, 2, 3};
    weft::Pool pool(2);
    weft::Future<int> result = pool.spawn(f, 3);
    check(pool.apply(f, 4) == 16);
    check(pool.map(numbers, f) == std::vector({1, 4, 9}));
    int sum = 0;
    for (const int square : pool.imap(numbers, f)) sum += square;
    for (const int square : pool.imap_unordered(numbers, f, 2)) sum += square;
    check(sum == 28);
    pool.wait_available();
    check(pool.free_count() == 2 && result.get() == 9);
    pool.spawn(take_an_hour);
    pool.kill();
    pool.join();

    weft::Group group;
    group.spawn(f, 5);
    group.add(weft::spawn(take_an_hour));
    check(group.size() == 2);
    group.kill();
    group.join();
}

void threads() {
    weft::ThreadPool threads(2);
    weft::Future<int> result = threads.submit(f, 3);
    check(result.get() == 9);
    check(threads.run(f, 4) == 16);
    check(threads.map(std::vector{1, 2}, f) == std::vector({1, 4}));
    check(weft::run_blocking(f, 5) == 25);
}

void sockets() {
    auto handle = [](weft::net::TcpStream client) {
        char buffer[64];
        while (const std::size_t size = client.read_some(buffer)) client.write_all({buffer, size});
    };
    weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0"), handle, {.max_connections = 100});
    server.start();

    auto connection = weft::net::TcpStream::connect(server.endpoint(), 5s);
    connection.write_all("hello");
    connection.wait_readable(5s);
    char buffer[5];
    connection.read_exact(buffer, 5s);
    connection.shutdown_write();
    check(connection.read_some(buffer) == 0);
    connection.close();
    server.stop(1s);

    auto [here, there] = weft::net::UnixStream::pair();
    auto reader = weft::spawn([&here = here] {
        char byte[1];
        here.read_exact(byte);
    });
    weft::yield();
    here.close();
    check_throws<std::system_error>([&] { reader.get(); });

    auto datagrams = weft::net::UdpSocket::bind("127.0.0.1:0");
    check(!weft::net::resolve("127.0.0.1", "80").empty());

    weft::os::SignalSet signals{SIGTERM};
    std::raise(SIGTERM);
    check(signals.wait() == SIGTERM);
}

void hub() {
    bool stuck = false;
    weft::Event nobody_sets;
    try {
        nobody_sets.wait();
    } catch (const weft::Deadlock&) {
        stuck = true;
    }
    check(stuck);
    check(weft::testing::lets_others_run([] { weft::sleep_for(0s); }));
}

void greenlets() {
    auto body = [](void* first) { return weft::RawFiber::switch_to_parent(first); };
    int value = 1;
    weft::RawFiber generator(body);
    check(generator.switch_to(&value) == &value);
    check(generator.switch_to() == nullptr);
}

void looking_inside() {
    const std::string everybody = weft::diag::dump_text({.tree = true, .spawn_sites = true});
    check(everybody.find("running") != std::string::npos);
    weft::diag::Watchdog watchdog({.limit = 100ms});
    check(weft::diag::Watchdog::count() == 0);
    weft::diag::dump_on_signal(SIGUSR1);
}

int main() {
    {
        weft::testing::VirtualTime time;
        fibers();
        ends();
        several();
        timeouts();
        own_timeout();
        events();
        locks();
        queues();
        pools();
    }
    weft::run(hub);
    weft::run(greenlets);
    weft::run(threads);
    weft::run(sockets);
    weft::run(looking_inside);
    std::puts("all is so");
}
// expect: all is so
