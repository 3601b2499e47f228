// The thread that looks whether hubs still go from fiber to fiber.
#include <weft/diag/watchdog.hpp>

#include "base/env.hpp"
#include "base/error.hpp"
#include "base/helper_thread.hpp"
#include "base/sys.hpp"
#include "core/debugger.hpp"
#include "core/dump.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "diag/fiber_text.hpp"
#include "diag/fork_mutex.hpp"
#include "diag/frame_text.hpp"
#include "diag/visit.hpp"
#include "diag/watchdog.hpp"

#include <linux/close_range.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weft::impl {

namespace {

std::atomic<std::uint64_t> found{0};

std::int64_t clock_ns(clockid_t clock) noexcept {
    timespec time{};
    return sys.clock_gettime(clock, &time) == 0
               ? static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec
               : 0;
}

/// The time that a thread of this process has been computing; the kernel's own way to name that clock.
std::int64_t cpu_ns(int thread_id) noexcept {
    constexpr unsigned per_thread_scheduler_clock = 6;
    return clock_ns(
        static_cast<clockid_t>((~static_cast<unsigned>(thread_id) << 3U) | per_thread_scheduler_clock));
}

/// What the watchdog remembers of a hub.
struct Seen {
    std::uint64_t progress = 0;
    std::int64_t since = 0;  ///< when it was first seen like this
    std::int64_t cpu_since = 0;
    bool reported = false;
    int unanswered = 0;      ///< how often it has not said what runs there
    std::uint64_t look = 0;  ///< the last look at which the hub was there
};

/// A hub that is blocked, and what ran there.
struct Finding {
    diag::BlockedHub blocked;
    SamplePtr sample;
};

class WatchThread {
public:
    explicit WatchThread(diag::WatchdogOptions options)
        : options_(std::move(options)), thread_(start_helper_thread([this] { run(); })) {
        count_own_thread(1);
    }
    WatchThread(const WatchThread&) = delete;
    WatchThread& operator=(const WatchThread&) = delete;
    ~WatchThread() {
        {
            const std::lock_guard lock(lock_);
            stop_ = true;
        }
        wake_.notify_one();
        thread_.join();
        count_own_thread(-1);
    }

private:
    /// The kernel counts references to descriptors with locked instructions as soon as two threads share them, which costs an echo
    /// server 3 %. This thread needs none but standard error; a listener may need any.
    void keep_off_descriptors() const noexcept {
        if (!options_.on_blocked) {
            static_cast<void>(::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE));
        }
    }

    void run() {
        keep_off_descriptors();
        std::unique_lock lock(lock_);
        while (!wake_.wait_for(lock, options_.limit / 4, [this] { return stop_; })) {
            lock.unlock();
            try {
                for (Finding& finding : look()) {
                    report(describe(std::move(finding)));
                }
            } catch (const std::exception& error) {
                warn("the watchdog could not look: %s", error.what());
            }
            lock.lock();
        }
    }

    /// Under the registry's lock only what needs it: hubs wait for that when they begin, end or go idle.
    std::vector<Finding> look() {
        const std::lock_guard lock(registry_lock());
        std::vector<Finding> findings;
        ++looks_;
        for (Hub* hub : *weft_hubs) {
            if (!hub->left_behind && is_blocked(*hub)) {
                examine(*hub, findings);
            }
        }
        std::erase_if(seen_, [this](const auto& entry) { return entry.second.look != looks_; });
        return findings;
    }

    /// And has not been reported.
    bool is_blocked(const Hub& hub) {
        Seen& seen = seen_[hub.serial];
        const bool fresh = std::exchange(seen.look, looks_) == 0;
        const std::uint64_t progress = hub.progress();
        const std::int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (fresh || hub.asleep() || progress != seen.progress) {
            seen = {.progress = progress,
                    .since = now,
                    .cpu_since = cpu_ns(hub.thread_id),
                    .reported = false,
                    .unanswered = 0,
                    .look = looks_};
            return false;
        }
        return now - seen.since >= options_.limit.count() && !seen.reported;
    }

    void examine(Hub& hub, std::vector<Finding>& findings) {
        Seen& seen = seen_[hub.serial];
        Finding finding;
        finding.blocked.hub = hub.serial;
        finding.blocked.thread_id = hub.thread_id;
        finding.blocked.blocked_for = Duration(clock_ns(CLOCK_MONOTONIC) - seen.since);
        finding.blocked.cpu_time = Duration(cpu_ns(hub.thread_id) - seen.cpu_since);
        finding.sample = interrupt_hub(hub, max_frames);
        // A thread that the kernel gives no processor does not answer; it is asked again at the next look, once.
        constexpr int chances = 2;
        if (finding.sample != nullptr || ++seen.unanswered == chances) {
            seen.reported = true;
            found.fetch_add(1, std::memory_order_relaxed);
            findings.push_back(std::move(finding));
        }
    }

    diag::BlockedHub describe(Finding finding) {
        if (finding.sample != nullptr && finding.sample->first() != finding.sample->end()) {
            const FiberSample& fiber = *finding.sample->first();
            finding.blocked.fiber = fiber.id;
            finding.blocked.fiber_name = fiber.name;
            append_frames(finding.blocked.backtrace, symbols_, fiber.frames(), "    ");
        }
        return std::move(finding.blocked);
    }

    void report(const diag::BlockedHub& blocked) noexcept {
        try {
            if (options_.on_blocked) {
                options_.on_blocked(blocked);
            } else {
                write_stderr("weft: " + to_string(blocked));
            }
        } catch (const std::exception& error) {
            warn("the watchdog's on_blocked has thrown: %s", error.what());
        } catch (...) {
            warn("the watchdog's on_blocked has thrown something");
        }
    }

    diag::WatchdogOptions options_;
    std::map<std::uint64_t, Seen> seen_;  ///< by the hub's serial number
    std::uint64_t looks_ = 0;
    Symbols symbols_;
    std::mutex lock_;
    std::condition_variable wake_;
    bool stop_ = false;
    std::thread thread_;
};

/// The one of this process; a fork's child has none, and leaves its parent's alone.
struct OfProcess {
    ForkMutex lock;
    pid_t process = 0;
    WatchThread* thread = nullptr;
    bool of_environment = false;

    WatchThread* current() const noexcept { return process == ::getpid() ? thread : nullptr; }
    void start(diag::WatchdogOptions options, bool environment) {
        thread = new WatchThread(std::move(options));
        process = ::getpid();
        of_environment = environment;
    }
    void stop() noexcept {
        if (current() != nullptr) {
            delete std::exchange(thread, nullptr);
        }
    }
};

OfProcess& of_process() {
    static OfProcess& the = *new OfProcess;
    return the;
}

}  // namespace

void watch_on_environment() {
    const auto ms = env::number("WEFT_WATCHDOG", 1, 3'600'000);
    OfProcess& the = of_process();
    const std::lock_guard lock(the.lock);
    if (ms && the.current() == nullptr) {
        claim_signal();
        the.start({.limit = std::chrono::milliseconds(*ms)}, true);
    }
}

}  // namespace weft::impl

namespace weft::diag {

Watchdog::Watchdog(WatchdogOptions options) {
    if (options.limit < std::chrono::milliseconds(1)) {
        throw std::invalid_argument("weft: Watchdog: a limit of " + std::to_string(options.limit.count()) +
                                    " ns; it is at least 1 ms");
    }
    impl::claim_signal();
    impl::OfProcess& the = impl::of_process();
    const std::lock_guard lock(the.lock);
    if (the.current() != nullptr && !the.of_environment) {
        throw std::logic_error("weft: Watchdog: this process has one already");
    }
    the.stop();
    the.start(std::move(options), false);
}

Watchdog::~Watchdog() {
    impl::OfProcess& the = impl::of_process();
    const std::lock_guard lock(the.lock);
    the.stop();
}

std::uint64_t Watchdog::count() noexcept { return impl::found.load(std::memory_order_relaxed); }

std::string to_string(const BlockedHub& blocked) {
    const std::string text = "hub " + std::to_string(blocked.hub) + " (thread " +
                             std::to_string(blocked.thread_id) + ") is blocked for " +
                             impl::duration_text(blocked.blocked_for.count()) + " (" +
                             impl::duration_text(blocked.cpu_time.count()) + " computing)";
    if (blocked.fiber == 0) {
        return text + "; which fiber runs there cannot be learned\n";
    }
    return text + " by " + impl::title_of(blocked.fiber, blocked.fiber_name) + ":\n" + blocked.backtrace;
}

}  // namespace weft::diag
