// What Go programs do, with weft: docs/howto/from-go.md shows it side by side. Says where something is not as it says.
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

void check(bool right, int line = __builtin_LINE()) {
    if (right) return;
    std::fprintf(stderr, "from_go.cpp:%d: it is not so\n", line);
    std::_Exit(1);
}

int square(int number) { return number * number; }
void take_an_hour() { weft::sleep_for(1h); }

void goroutines() {
    int ran = 0;
    auto f = [&ran](int by) { ran += by; };
    weft::spawn_detached(f, 3);
    weft::yield();
    weft::sleep_for(1ms);
    check(ran == 3);

    auto answer = weft::spawn(square, 6);
    check(answer.get() == 36);

    auto broken = weft::spawn([] { throw std::runtime_error("disk full"); });
    try {
        broken.get();
        check(false);
    } catch (const std::runtime_error& error) {
        check(error.what() == std::string("disk full"));
    }

    weft::DelayedCall timer = weft::call_later(1s, [&] { f(4); });
    timer.reset(2s);
    weft::sleep_for(3s);
    check(ran == 7 && !timer.cancel());
}

void cores() {
    weft::Runtime cores({.hubs = 2});
    auto sum = cores.spawn(square, 7);
    check(sum.get() == 49);
    cores.spawn_detached(square, 8);
}

void channels() {
    weft::Channel<int> meeting;
    weft::Channel<int> channel(8);
    channel.send(1);
    check(channel.receive() == 1);
    check(channel.size() == 0 && channel.capacity() == 8);
    check(!channel.try_receive());

    channel.send(2);
    channel.send(3);
    channel.close();
    std::optional<int> value = channel.next();
    check(value == 2);
    int last = 0;
    for (const int item : channel) last = item;
    check(last == 3);
    try {
        channel.send(4);
        check(false);
    } catch (const weft::ChannelClosed&) {
    }

    auto [sender, receiver] = weft::make_channel<int>(8);
    weft::spawn_detached([to = std::move(sender)]() mutable { to.send(5); });
    check(receiver.receive() == 5);
    check(!receiver.next());
}

void select_one(weft::Channel<int>& jobs, weft::Channel<int>& results, bool may_send) {
    int got = 0;
    int sent = 0;
    auto handle = [&](int job) { got = job; };
    weft::Channel<int>* on = may_send ? &results : nullptr;

    weft::select(weft::on_receive(jobs, [&](int job) { handle(job); }),
                 weft::on_send(on, 7, [&] { ++sent; }),  // never, while `on` is null
                 weft::on_timeout(1s, [] { throw std::runtime_error("too slow"); }));

    check(got + sent > 0);
}

void selects() {
    weft::Channel<int> jobs(1);
    weft::Channel<int> results(1);
    jobs.send(5);
    select_one(jobs, results, false);
    select_one(jobs, results, true);
    check(results.receive() == 7);
    try {
        select_one(jobs, results, false);
        check(false);
    } catch (const std::runtime_error&) {
    }

    bool empty = false;
    weft::select(weft::on_receive(jobs), weft::otherwise([&] { empty = true; }));
    check(empty);
    jobs.close();
    bool open = true;
    weft::select(weft::on_receive(jobs, [&](std::optional<int> job) { open = job.has_value(); }));
    check(!open);
}

void locks() {
    weft::Mutex mutex;
    std::scoped_lock locked(mutex);

    weft::SharedMutex table;
    {
        std::shared_lock reading(table);
        check(!table.try_lock());
    }
    std::unique_lock writing(table);

    weft::Once once;
    int times = 0;
    once.call([&] { ++times; });
    once.call([&] { ++times; });
    check(times == 1);

    weft::Semaphore slots(2);
    slots.acquire();
    check(slots.try_acquire());
    check(!slots.try_acquire());
    slots.release(2);
}

void groups() {
    const std::vector<std::string> names{"warp", "weft", "shed"};
    std::size_t letters = 0;
    auto fetch = [&letters](const std::string& name) {
        weft::sleep_for(1s);
        letters += name.size();
    };

    weft::WaitGroup jobs;
    for (const std::string& name : names) {
        jobs.add();
        weft::spawn_detached([&] {
            fetch(name);
            jobs.done();
        });
    }
    jobs.wait();
    check(letters == 12);

    weft::task_group([&](weft::TaskGroup& group) {
        for (const std::string& name : names) group.spawn(fetch, name);
    });
    check(letters == 24);

    weft::Pool pool(2);
    for (const std::string& name : names) pool.spawn(fetch, name);
    pool.join();
    check(letters == 36);
}

void contexts() {
    auto f = take_an_hour;
    bool done = weft::move_on_after(1s, f);
    check(!done);
    try {
        weft::fail_after(1s, f);
        check(false);
    } catch (const weft::TimeoutError&) {
    }

    weft::CancelScope scope;
    auto other = weft::spawn([&] { scope.cancel("the client has gone"); });
    done = scope.run(f);
    check(!done);

    weft::move_on_after(1s, [] {
        weft::Deadline limit = weft::current_effective_deadline();
        check(!limit.is_never());
        weft::move_on_after(2s, take_an_hour);  // the outer limit counts
        check(weft::cancel_requested());
        {
            weft::Shield shield;
            weft::sleep_for(1s);
        }
        weft::check_cancelled();
        check(false);
    });
}

void ticks() {
    int count = 0;

    for (weft::Ticker ticker(1s); count < 3; ++count) {
        ticker.next();
    }

    weft::RateLimiter limiter(10, 1s);
    limiter.acquire();
}

void network() {
    auto listener = weft::net::TcpListener::listen("127.0.0.1:0");
    auto server = weft::spawn([&] {
        for (;;) {
            auto connection = listener.accept();
            weft::spawn_detached([client = std::move(connection)]() mutable { client.write_all("hello"); });
        }
    });

    auto connection = weft::net::TcpStream::connect(listener.endpoint());
    char buffer[5];
    connection.read_exact(buffer, 5s);
    check(connection.read_some(buffer) == 0);
    check(!weft::net::resolve("127.0.0.1", "80").empty());

    weft::os::SignalSet signals{SIGINT, SIGTERM};
    std::raise(SIGTERM);
    check(signals.wait() == SIGTERM);
}

void looking_inside() {
    const std::string stacks = weft::diag::dump_text();
    check(stacks.find("running") != std::string::npos);
    weft::diag::dump_on_signal(SIGQUIT);
    const weft::diag::Metrics metrics = weft::diag::metrics();
    check(metrics.hubs.front().fibers == 0);
    check(!to_prometheus(metrics).empty());
    try {
        weft::Event().wait();
        check(false);
    } catch (const weft::Deadlock&) {
    }
}

int main() {
    {
        weft::testing::VirtualTime time;
        goroutines();
        channels();
        selects();
        locks();
        groups();
        contexts();
        ticks();
    }
    cores();
    weft::run(network);
    weft::run(looking_inside);
    std::puts("all is so");
}
// expect: all is so
