// Notices hubs that are blocked: a fiber that computes for long, or calls what blocks the thread.
#pragma once

#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace weft::diag {

/// A hub that has not gone from one fiber to the next for too long.
struct BlockedHub {
    std::uint64_t hub = 0;    ///< its number, as dumps show it
    int thread_id = 0;        ///< the kernel's number of its thread
    std::uint64_t fiber = 0;  ///< the id of the fiber that runs; 0 where that cannot be learned
    std::string fiber_name;
    Duration blocked_for{};  ///< so far
    Duration
        cpu_time{};  ///< of that, how long the thread was computing: the rest it waited in the kernel, or for a processor
    std::string backtrace;  ///< of the fiber, while it blocks; a line for each frame
};

struct WatchdogOptions {
    /// How long a hub may go without a switch, at least 1 ms.
    Duration limit = std::chrono::milliseconds(100);
    /// Called once for each time a hub is blocked, on the watchdog's thread; it may not wait for fibers. Empty: it is printed to
    /// standard error.
    std::function<void(const BlockedHub&)> on_blocked = {};
};

/// While it lives, a thread of its own looks at all hubs of the process, a few times within each limit. Where one is blocked it
/// interrupts the hub's thread by SIGURG for the backtrace. System calls that a signal ends, such as a nanosleep(), end early
/// then. An idle hub is not blocked. It costs the hubs nothing; but with an on_blocked
/// the thread shares the process's descriptors, as any thread does, and the kernel takes some percent more for each call on one.
///
/// The environment variable WEFT_WATCHDOG, in milliseconds, starts one with the first hub that lasts as long as the process, or
/// until the program makes its own. In the child of a fork there is none.
class WEFT_API Watchdog {
public:
    /// Errors:    std::invalid_argument for a limit below 1 ms; std::logic_error where there is one already;
    ///            std::system_error where no thread can be started.
    explicit Watchdog(WatchdogOptions options = {});
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    /// Waits for an on_blocked that is under way.
    ~Watchdog();

    /// How often a watchdog of this process has found a hub blocked.
    [[nodiscard]] static std::uint64_t count() noexcept;
};

/// `hub 0 (thread 4711) is blocked for 120 ms (118 ms computing) by fiber 7 "parser":` and the backtrace.
[[nodiscard]] WEFT_API std::string to_string(const BlockedHub& blocked);

}  // namespace weft::diag
