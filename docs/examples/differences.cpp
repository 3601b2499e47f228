// What users of gevent, greenlet and trio do in another way here: docs/reference/differences.md.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
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
        let_the_receiver_run();
    });
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
// expect: the receiver has run: yes
