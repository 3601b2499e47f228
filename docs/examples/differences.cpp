// What users of gevent, greenlet and trio do in another way here: docs/reference/differences.md.
#include <weft/weft.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

void take_an_hour() { weft::sleep_for(1h); }

// A small number for each fiber, free again when the fiber has ended.
class Seat {
public:
    Seat() {
        while (!taken.insert(number_).second) ++number_;
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() { taken.erase(number_); }
    int number() const { return number_; }

private:
    static inline std::set<int> taken;  // for the fibers of one hub
    int number_ = 0;
};

weft::FiberLocal<Seat> seat;

void small_numbers() {
    auto look = [] { return seat->number(); };
    const int first = weft::spawn(look).get();
    const int second = weft::spawn(look).get();
    std::printf("seats %d %d\n", first, second);
}

void learn_of_errors() {
    auto worker = weft::spawn([] { throw std::runtime_error("disk full"); });
    try {
        worker.get();
    } catch (const std::exception& error) {
        std::printf("main learns: %s\n", error.what());
    }
}

void link_a_queue() {
    std::deque<std::string> finished;
    weft::Semaphore more(0);
    auto worker = weft::spawn(weft::SpawnOptions{.name = "worker"}, [] {});
    worker.link([&](const weft::FiberOutcome& ended) {
        finished.push_back(ended.fiber.name());
        more.release();
    });
    more.acquire();
    std::printf("first: %s\n", finished.front().c_str());
}

void save() { weft::sleep_for(1ms); }
void talk() {}

void join_what_must_be_done() {
    auto helper = weft::spawn(save);
    talk();  // if it throws, the helper is cancelled and joined
    helper.join();
    std::puts("saved");
}

std::vector<std::function<void(const weft::FiberRef&)>> observers;

template <class F>
auto spawn_observed(F fn) {
    auto fiber = weft::spawn(std::move(fn));
    for (const auto& observer : observers) observer(fiber.ref());
    return fiber;
}

void observe() {
    int seen = 0;
    observers.emplace_back([&](const weft::FiberRef&) { ++seen; });
    auto first = spawn_observed(save);
    auto second = spawn_observed(save);
    observers.clear();
    auto third = spawn_observed(save);
    std::printf("%d seen\n", seen);
}

void collect_errors() {
    std::vector<std::exception_ptr> journal;
    const weft::Link keep = [&](const weft::FiberOutcome& ended) { journal.push_back(ended.exception); };
    auto worker = weft::spawn([] { throw std::runtime_error("disk full"); });
    worker.link_exception(keep);
    worker.join();
    weft::sleep_for(1ms);
    std::printf("%zu error in the journal\n", journal.size());
}

void hand_down() {
    auto settings = std::make_shared<std::map<std::string, int>>();
    auto child = weft::spawn([settings] {
        auto grandchild = weft::spawn([settings] { (*settings)["depth"] = 2; });
        grandchild.join();
    });
    child.join();
    std::printf("depth %d\n", settings->at("depth"));
}

void* give_up(void*) {
    weft::RawFiber::switch_to_parent();
    return nullptr;
}

void end_raw_fibers() {
    const std::vector<weft::RawFiber> generators{weft::RawFiber(give_up), weft::RawFiber(give_up)};
    generators.front().switch_to();
    for (const weft::RawFiber& generator : generators) generator.throw_into();
    std::printf("dead: %d %d\n", generators.front().dead(), generators.back().dead());
}

void wait_for_jobs() {
    std::vector<weft::Fiber<>> jobs;
    for (int i = 0; i < 3; ++i) jobs.push_back(weft::spawn(save));
    weft::join_all(jobs, 5s);
    std::puts("all jobs done");
}

void wait_for_what_matters() {
    auto background = weft::spawn(take_an_hour);  // keeps nobody
    auto result = weft::spawn([] { weft::sleep_for(1ms); });
    result.join();
    std::puts("done, whatever else still sleeps");
}

void refuse_negative(weft::Duration timeout) {
    if (timeout < 0s) throw std::invalid_argument("negative timeout");
    weft::sleep_for(timeout);
}

void refuse() {
    try {
        refuse_negative(-1s);
    } catch (const std::invalid_argument& error) {
        std::printf("refused: %s\n", error.what());
    }
}

void take_or_leave(weft::Semaphore& slots) {
    const bool now = slots.try_acquire();
    const bool soon = slots.try_acquire_for(1ms);
    std::printf("%d %d\n", now, soon);
}

void spin(weft::Mutex& mutex) {
    while (!mutex.try_lock()) weft::yield();
    mutex.unlock();
    std::puts("spun");
}

void park() {
    weft::Semaphore lot(0);  // to park: lot.acquire()
    int going = 0;
    std::vector<weft::Fiber<>> parked;
    for (int i = 0; i < 3; ++i) {
        parked.push_back(weft::spawn([&] {
            lot.acquire();
            ++going;
        }));
    }
    weft::yield();
    lot.release(2);  // the two that have waited longest go on
    weft::yield();
    std::printf("%d go on\n", going);
}

weft::Mutex one_reader;

void read_alone(weft::net::UnixStream& stream) {
    const std::unique_lock reading(one_reader, std::try_to_lock);
    if (!reading) throw std::logic_error("two readers");
    char byte[1];
    stream.read_exact(byte);
}

void forbid_two_readers() {
    auto [here, there] = weft::net::UnixStream::pair();
    auto first = weft::spawn([&stream = here] { read_alone(stream); });
    weft::yield();
    try {
        read_alone(here);
    } catch (const std::logic_error& error) {
        std::printf("%s\n", error.what());
    }
}

void ask_without_waiting() {
    auto [here, there] = weft::net::UnixStream::pair();
    char buffer[16];
    std::error_code error;
    const std::size_t size = here.read_some(buffer, 0s, error);
    const bool would_block = error == std::errc::timed_out;
    std::printf("%zu bytes, would block: %s\n", size, would_block ? "yes" : "no");
}

void read_the_rest_later() {
    auto [stream, peer] = weft::net::UnixStream::pair();
    peer.write_all("abc");
    auto late = weft::spawn_later(40ms, [&peer = peer] { peer.write_all("def"); });
    char record[6];
    std::error_code error;
    std::size_t have = stream.read_exact(record, 20ms, error);
    if (error == std::errc::timed_out) {
        have += stream.read_exact(std::span(record).subspan(have), 1s, error);
    }
    std::printf("%.*s\n", static_cast<int>(have), record);
}

void let_the_receiver_run() {
    weft::Channel<int> channel;
    bool has_run = false;
    auto receiver = weft::spawn([&] {
        channel.receive();
        has_run = true;
    });
    weft::yield();
    channel.send(1);
    weft::yield();
    std::printf("the receiver has run: %s\n", has_run ? "yes" : "no");
}

// Starts when its inputs are there. An error says by whose key it began, and is that of all who depend on it.
template <class F>
weft::Future<int> task(std::string key, std::vector<weft::Future<int>> inputs, F fn) {
    weft::Promise<int> promise;
    weft::Future<int> result = promise.future();
    weft::spawn_detached([=, promise = std::move(promise)]() mutable {
        promise.set_from([&] {
            const std::vector<int> values = weft::all(inputs);
            try {
                return fn(values);
            } catch (const std::exception& error) {
                throw std::runtime_error(key + ": " + error.what());
            }
        });
    });
    return result;
}

void depend() {
    const auto sum = [](const std::vector<int>& of) { return of.at(0) + of.at(1); };
    auto two = task("two", {}, [](const auto& /*none*/) { return 2; });
    auto five = task("five", {two, two}, [](const auto& of) { return of[0] + of[1] + 1; });
    auto lost =
        task("lost", {five}, [](const auto& /*of*/) -> int { throw std::runtime_error("no such file"); });
    auto last = task("last", {five, lost}, sum);
    try {
        last.get();
    } catch (const std::exception& error) {
        std::printf("%d, but %s\n", task("seven", {two, five}, sum).get(), error.what());
    }
}

// As many as that at most, made when they are needed; for the fibers of one hub.
template <class T>
class Resources {
public:
    Resources(std::uint32_t most, std::function<T()> make) : free_(most), make_(std::move(make)) {
        idle_.reserve(most);
    }
    T get(weft::Deadline deadline = weft::never) {
        free_.acquire(deadline);
        try {
            if (idle_.empty()) return make_();
            T last = std::move(idle_.back());
            idle_.pop_back();
            return last;
        } catch (...) {
            free_.release();
            throw;
        }
    }
    void put(T resource) {
        idle_.push_back(std::move(resource));
        free_.release();
    }
    std::uint32_t free() const { return free_.available(); }

private:
    weft::Semaphore free_;
    std::function<T()> make_;
    std::vector<T> idle_;
};

void share_resources() {
    int made = 0;
    Resources<int> connections(1, [&] {
        weft::sleep_for(1ms);
        if (++made == 1) throw std::runtime_error("refused");
        return made;
    });
    try {
        connections.get();
    } catch (const std::runtime_error& error) {
        std::printf("%s, %u free\n", error.what(), connections.free());
    }
    const int mine = connections.get();
    auto late = weft::spawn([&] { return connections.get(1ms); });
    auto next = weft::spawn([&] { return connections.get(); });
    weft::sleep_for(2ms);
    connections.put(mine);
    try {
        late.get();
    } catch (const weft::TimeoutError&) {
        std::printf("the late one has none, the next one has %d\n", next.get());
    }
}

int ask_the_fibers() {
    weft::sleep_for(1ms);
    return 42;
}

// The thread of another loop, which polls for itself.
void serve_another_loop() {
    weft::Runtime fibers({.hubs = 1});
    const int bell = ::eventfd(0, EFD_CLOEXEC);
    auto answer = fibers.spawn([bell] {
        const int result = ask_the_fibers();
        ::eventfd_write(bell, 1);
        return result;
    });
    pollfd watched{.fd = bell, .events = POLLIN, .revents = 0};
    ::poll(&watched, 1, -1);
    std::printf("the other loop gets %d\n", answer.get());
    ::close(bell);
}

void monitor() {
    using namespace std::chrono_literals;
    weft::spawn_detached([] {
        weft::Ticker seconds(1s);
        for (;;) {
            seconds.next();
            throw std::runtime_error("a monitor with a fault");
        }
    });
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    const bool too_much = weft::diag::metrics().stacks.resident_bytes > most;
    std::printf("too much: %s\n", too_much ? "yes" : "no");
}

int main() {
    weft::run([] {
        small_numbers();
        learn_of_errors();
        link_a_queue();
        join_what_must_be_done();
        hand_down();
        end_raw_fibers();
        wait_for_jobs();
        wait_for_what_matters();
        refuse();

        weft::Semaphore slots(1);
        take_or_leave(slots);

        weft::Mutex mutex;
        mutex.lock();
        auto spinner = weft::spawn([&] { spin(mutex); });
        weft::yield();
        mutex.unlock();
        spinner.join();

        park();
        forbid_two_readers();
        ask_without_waiting();
        read_the_rest_later();
        let_the_receiver_run();
        observe();
        collect_errors();
        depend();
        share_resources();
        monitor();
    });
    serve_another_loop();
}
// expect: seats 0 0
// expect: main learns: disk full
// expect: first: worker
// expect: saved
// expect: depth 2
// expect: dead: 1 1
// expect: all jobs done
// expect: done, whatever else still sleeps
// expect: refused: negative timeout
// expect: 1 0
// expect: spun
// expect: 2 go on
// expect: two readers
// expect: 0 bytes, would block: yes
// expect: abcdef
// expect: the receiver has run: yes
// expect: 2 seen
// expect: 1 error in the journal
// expect: 7, but lost: no such file
// expect: refused, 1 free
// expect: the late one has none, the next one has 2
// expect: too much: no
// expect: the other loop gets 42
