// The figures of the hubs.
#include <weft/diag/metrics.hpp>

#include "context/slab.hpp"
#include "core/debugger.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "diag/stack_memory.hpp"

#include <weft/diag/watchdog.hpp>
#include <weft/net/resolve.hpp>
#include <weft/pool/thread_pool.hpp>

#include <mutex>

namespace weft::diag {

namespace {

DurationMetrics of_histogram(const impl::DurationHistogram& histogram) {
    DurationMetrics out;
    for (std::size_t i = 0; i < impl::DurationHistogram::bucket_count; ++i) {
        const bool last = i + 1 == impl::DurationHistogram::bucket_count;
        const Duration below =
            last ? Duration::max() : Duration(std::chrono::microseconds(std::int64_t{1} << i));
        out.buckets.push_back({.below = below, .count = histogram.bucket(i)});
        out.count += out.buckets.back().count;
    }
    out.sum = Duration(static_cast<std::int64_t>(histogram.sum_ns()));
    return out;
}

HubMetrics of_hub(const impl::Hub& hub) {
    const impl::HubCounters& counters = hub.counters();
    HubMetrics out;
    out.hub = hub.serial;
    out.thread_id = hub.thread_id;
    out.asleep = hub.asleep();
    out.passes = counters.passes.get();
    out.switches = counters.switches.get();
    out.outside_wakeups = counters.outside_wakeups.get();
    out.timers_fired = counters.timers_fired.get();
    out.run_delay = of_histogram(counters.run_delay);
    for (std::size_t i = 0; i < impl::wait_reason_count; ++i) {
        const std::uint64_t over = counters.waits_over[i].get();
        const std::uint64_t begun = counters.waits[i].get();
        // Some machines may show the later one of the two first.
        out.waits.push_back(
            {.reason = impl::wait_reason_names[i], .begun = begun, .now = begun > over ? begun - over : 0});
    }
    out.fibers = counters.fibers.get();
    out.timers = counters.timers.get();
    out.outside_waits = counters.outside_waits.get();
    out.run_queue = counters.run_queue.get();
    return out;
}

StackMetrics of_stacks(const std::vector<HubMetrics>& hubs, bool resident) {
    StackMetrics out;
    for (const HubMetrics& hub : hubs) {
        out.in_use += hub.fibers + 1;
    }
    for (const impl::Slab* slab = impl::newest_slab(); slab != nullptr; slab = slab->next) {
        const std::size_t made = slab->cut.load(std::memory_order_relaxed);
        out.made += made;
        out.reserved_bytes += slab->capacity * slab->stride;
        out.resident_bytes += resident ? impl::resident_bytes(*slab) : 0;
    }
    return out;
}

}  // namespace

Metrics metrics(const MetricsOptions& options) {
    Metrics out;
    {
        const std::lock_guard lock(impl::registry_lock());
        for (const impl::Hub* hub : *impl::weft_hubs) {
            out.hubs.push_back(of_hub(*hub));
        }
    }
    out.stacks = of_stacks(out.hubs, options.resident);
    const ThreadPool& pool = blocking_pool();
    out.pools.push_back({.pool = "blocking",
                         .threads = pool.threads(),
                         .max_threads = pool.max_threads(),
                         .queued = pool.queued()});
    const net::ResolverLoad names = net::resolver_load();
    out.pools.push_back({.pool = "resolver",
                         .threads = names.threads,
                         .max_threads = names.max_threads,
                         .queued = names.queued});
    out.blocked_hubs = Watchdog::count();
    return out;
}

}  // namespace weft::diag
