// Runs a guest's main in a fiber, or in several at once, beside a fiber that ticks. Silent where all is well. Where the hub's thread stood
// still in the kernel while a guest waited, it says so, and the exit status is 99.
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" int guest_main(int argc, char** argv);

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t stack_size = 1024 * 1024;
constexpr nanoseconds tick = 5ms;
// Less than what guests wait for at a time (most: 200 ms), more than a child process needs to begin on a busy machine.
constexpr nanoseconds longest_standstill = 120ms;

/// How long this thread has been on a CPU or has waited for one. By raw calls, on a descriptor that is gone before any guest can see it.
nanoseconds busy_time() {
    const long fd = syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    char text[128] = {};
    const long size = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    unsigned long long running = 0;
    unsigned long long waiting = 0;
    if (size <= 0 || std::sscanf(text, "%llu %llu", &running, &waiting) != 2) {
        return nanoseconds(0);
    }
    return nanoseconds(running + waiting);
}

/// Ticks, and keeps the longest time for which the thread neither ran nor let the ticker have its turn.
class Ticker {
public:
    void run() {
        for (;;) {
            weft::sleep_for(tick);
            look();
        }
    }
    /// The time since the last look, without that for which the thread was busy.
    void look() {
        const Clock::time_point now = Clock::now();
        const nanoseconds busy = busy_time();
        standstill_ = std::max(standstill_, now - last_look_ - (busy - busy_then_) - tick);
        last_look_ = now;
        busy_then_ = busy;
    }
    [[nodiscard]] nanoseconds standstill() const { return standstill_; }

private:
    Clock::time_point last_look_ = Clock::now();
    nanoseconds busy_then_ = busy_time();
    nanoseconds standstill_{};
};

/// An object that is never destroyed, and that a leak checker finds: a guest may call exit() in its fiber, where nothing on the stack of
/// main() counts as reachable, and its own handle must not wait for it.
template <class T>
T& kept() {
    static T* object = new T;
    return *object;
}

/// The exit status of the first guest that has one.
int run_guests(int fibers, const std::vector<char*>& arguments, nanoseconds& standstill) {
    Ticker ticker;
    weft::Fiber<> ticking = weft::spawn([&] { ticker.run(); });
    auto& guests = kept<std::vector<weft::Fiber<int>>>();
    for (int i = 0; i < fibers; ++i) {
        guests.push_back(weft::spawn(weft::SpawnOptions{.name = "guest", .stack_size = stack_size}, [&] {
            std::vector<char*> mine = arguments;
            return guest_main(static_cast<int>(mine.size()) - 1, mine.data());
        }));
    }
    int status = 0;
    for (weft::Fiber<int>& guest : guests) {
        status = status == 0 ? guest.get() : (guest.join(), status);
    }
    guests.clear();
    ticker.look();  // a guest that has only waited in the kernel has left it no turn at all
    standstill = ticker.standstill();
    return status;
}

}  // namespace

/// guest [--fibers=N] [--hub-waits] [guest's arguments]
int main(int argc, char** argv) {
    int fibers = 1;
    bool hub_waits = false;
    auto& arguments = kept<std::vector<char*>>();
    arguments.push_back(argv[0]);
    for (int i = 1; i < argc; ++i) {
        if (std::strncmp(argv[i], "--fibers=", 9) == 0) {
            fibers = std::atoi(argv[i] + 9);
        } else if (std::strcmp(argv[i], "--hub-waits") == 0) {
            hub_waits = true;
        } else {
            arguments.push_back(argv[i]);
        }
    }
    arguments.push_back(nullptr);
    nanoseconds standstill{};
    const int status = weft::run([&] { return run_guests(fibers, arguments, standstill); });
    if (status == 0 && !hub_waits && standstill > longest_standstill) {
        std::fflush(stdout);
        std::fprintf(stderr, "the hub stood still for %lld ms\n",
                     static_cast<long long>(standstill / std::chrono::milliseconds(1)));
        return 99;
    }
    return status;
}
