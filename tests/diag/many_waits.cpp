// many_waits EACH [abort|report]: EACH fibers in each of eight kinds of wait, to be looked at. Stops with SIGTRAP when all of them
// wait, for a debugger; or leaves a core file; or writes its own dump and metrics. If it is continued it ends them all.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <vector>

#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

namespace {

using namespace std::chrono_literals;

struct World {
    weft::Mutex mutex;
    weft::Event event;
    weft::Semaphore units{0};
    weft::Channel<int> channel;
    weft::Promise<> promise;
    weft::Future<> future = promise.future();
    weft::net::UnixStream quiet;
    // For gdb to print.
    weft::Channel<int> half_full{4};
    weft::Promise<int> asked;
    weft::Future<int> answer = asked.future();
};

using Wait = void (*)(World&, int mark);

// `mark` is what the debugger is asked for in each of these frames.
void lock_it(World& world, [[maybe_unused]] int mark) { const std::scoped_lock lock(world.mutex); }
void listen_to(World& world, [[maybe_unused]] int mark) { world.event.wait(); }
void take_it(World& world, [[maybe_unused]] int mark) { world.units.acquire(); }
void receive_it(World& world, [[maybe_unused]] int mark) { world.channel.receive(); }
void rest(World&, [[maybe_unused]] int mark) { weft::sleep_for(1h); }
void read_it(World& world, [[maybe_unused]] int mark) {
    char byte = 0;
    static_cast<void>(world.quiet.read_some({&byte, 1}));
}
void hope(World& world, [[maybe_unused]] int mark) { world.future.wait(); }
void join_another(World& world, [[maybe_unused]] int mark) {
    auto inner = weft::spawn({.name = "inner", .stack_size = 16384}, [&] { world.event.wait(); });
    inner.join();
}

struct Kind {
    const char* name;
    Wait wait;
};
constexpr Kind kinds[] = {{"lock", lock_it},       {"listen", listen_to}, {"take", take_it},
                          {"receive", receive_it}, {"rest", rest},        {"read", read_it},
                          {"hope", hope},          {"join", join_another}};

}  // namespace

int main(int argc, char** argv) {
    const int each = argc > 1 ? std::atoi(argv[1]) : 2;
    weft::run([&] {
        World world;
        auto [here, there] = weft::net::UnixStream::pair();
        world.quiet = std::move(there);
        world.asked.set_value(42);
        for (int item = 7; item < 10; ++item) {
            world.half_full.send(item);
        }
        const std::scoped_lock lock(world.mutex);
        std::vector<weft::Fiber<>> fibers;
        for (const Kind& kind : kinds) {
            for (int i = 0; i < each; ++i) {
                fibers.push_back(weft::spawn({.name = kind.name, .stack_size = 16384},
                                             [&world, &kind, i] { kind.wait(world, 1000 + i); }));
            }
        }
        weft::Event go;
        auto woken = weft::spawn({.name = "woken"}, [&] { go.wait(); });
        weft::testing::wait_all_parked();
        go.set();
        const std::string_view then = argc > 2 ? argv[2] : "stop";
        if (then == "abort") {
            std::abort();
        } else if (then == "report") {
            std::printf("%s@metrics\n%s\n@\n", weft::diag::dump_text().c_str(),
                        to_json(weft::diag::metrics()).c_str());
        } else {
            std::raise(SIGTRAP);
        }
        weft::kill_all(fibers);
    });
    std::puts("went on");
}
