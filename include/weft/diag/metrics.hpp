// Figures of the hubs, for monitoring.
#pragma once

#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::diag {

/// How many waits of one kind there were.
struct WaitMetrics {
    std::string reason;       ///< `readable`, `mutex`, as dumps name them
    std::uint64_t begun = 0;  ///< in all
    std::uint64_t now = 0;    ///< those that go on; a fiber that has been woken counts until it runs
};

/// How often a duration was how long.
struct DurationMetrics {
    struct Bucket {
        Duration below{};  ///< Duration::max() for the last one
        std::uint64_t count = 0;
    };
    std::vector<Bucket> buckets;  ///< by powers of two, from a microsecond on
    std::uint64_t count = 0;
    Duration sum{};
};

struct HubMetrics {
    std::uint64_t hub = 0;  ///< its number, as dumps show it
    int thread_id = 0;      ///< the kernel's number of its thread
    bool asleep = false;    ///< it waits for events

    // Since it has begun.
    std::uint64_t passes = 0;           ///< of its loop
    std::uint64_t switches = 0;         ///< from one fiber to the next
    std::uint64_t outside_wakeups = 0;  ///< by other threads
    std::uint64_t timers_fired = 0;
    /// How long fibers that were ready waited for their turn. A sample: one fiber in 64 passes.
    DurationMetrics run_delay;
    std::vector<WaitMetrics> waits;  ///< of all kinds, in a fixed order

    // As of its last pass.
    std::uint64_t fibers = 0;         ///< alive, without the main fiber
    std::uint64_t timers = 0;         ///< deadlines that are pending
    std::uint64_t outside_waits = 0;  ///< fibers that wait for descriptors, threads or signals
    std::uint64_t run_queue = 0;      ///< how many fibers were ready at once, at the last sample of run_delay
};

struct StackMetrics {
    std::uint64_t in_use = 0;          ///< one for each fiber that is alive, and for each hub's loop
    std::uint64_t made = 0;            ///< in use, warm or cold; they are kept for later fibers
    std::uint64_t reserved_bytes = 0;  ///< address space, guards included
    std::uint64_t resident_bytes = 0;  ///< memory; 0 unless MetricsOptions::resident
};

struct ThreadPoolMetrics {
    std::string pool;  ///< `blocking` is blocking_pool(), `resolver` looks names up
    std::uint64_t threads = 0;
    std::uint64_t max_threads = 0;
    std::uint64_t queued = 0;  ///< jobs that have not begun
};

struct Metrics {
    std::vector<HubMetrics> hubs;
    StackMetrics stacks;
    std::vector<ThreadPoolMetrics> pools;
    std::uint64_t blocked_hubs = 0;  ///< how often the watchdog has found one
};

struct MetricsOptions {
    /// Counts the memory of all stacks: a system call for some hundred of them, some microseconds each.
    bool resident = true;
};

/// The figures of all hubs as they are now. No hub is stopped or asked for it: one that is blocked has its figures, too. What
/// they count is counted always, and costs a park and wake together some 2 ns.
///
/// Threads:   any fiber or thread.
/// Since:     0.1
[[nodiscard]] WEFT_API Metrics metrics(const MetricsOptions& options = {});

/// In the text format of Prometheus (0.0.4); names begin with `weft_`, times are in seconds.
[[nodiscard]] WEFT_API std::string to_prometheus(const Metrics& metrics);

/// As one JSON object with the names of the members above; times are in nanoseconds.
[[nodiscard]] WEFT_API std::string to_json(const Metrics& metrics);

}  // namespace weft::diag
