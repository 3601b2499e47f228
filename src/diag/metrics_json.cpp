// Metrics as JSON.
#include <weft/diag/metrics.hpp>

#include <nlohmann/json.hpp>

namespace weft::diag {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const DurationMetrics& durations) {
    Json buckets = Json::array();
    for (const DurationMetrics::Bucket& bucket : durations.buckets) {
        const bool last = bucket.below == Duration::max();
        buckets.push_back(
            {{"below", last ? Json(nullptr) : Json(bucket.below.count())}, {"count", bucket.count}});
    }
    return {{"buckets", buckets}, {"count", durations.count}, {"sum", durations.sum.count()}};
}

Json json_of(const HubMetrics& hub) {
    Json waits = Json::array();
    for (const WaitMetrics& wait : hub.waits) {
        waits.push_back({{"reason", wait.reason}, {"begun", wait.begun}, {"now", wait.now}});
    }
    return {{"hub", hub.hub},
            {"thread_id", hub.thread_id},
            {"asleep", hub.asleep},
            {"passes", hub.passes},
            {"switches", hub.switches},
            {"outside_wakeups", hub.outside_wakeups},
            {"timers_fired", hub.timers_fired},
            {"run_delay", json_of(hub.run_delay)},
            {"waits", waits},
            {"fibers", hub.fibers},
            {"timers", hub.timers},
            {"outside_waits", hub.outside_waits},
            {"run_queue", hub.run_queue}};
}

}  // namespace

std::string to_json(const Metrics& metrics) {
    Json hubs = Json::array();
    for (const HubMetrics& hub : metrics.hubs) {
        hubs.push_back(json_of(hub));
    }
    Json pools = Json::array();
    for (const ThreadPoolMetrics& pool : metrics.pools) {
        pools.push_back({{"pool", pool.pool},
                         {"threads", pool.threads},
                         {"max_threads", pool.max_threads},
                         {"queued", pool.queued}});
    }
    const Json all = {{"hubs", hubs},
                      {"stacks",
                       {{"in_use", metrics.stacks.in_use},
                        {"made", metrics.stacks.made},
                        {"reserved_bytes", metrics.stacks.reserved_bytes},
                        {"resident_bytes", metrics.stacks.resident_bytes}}},
                      {"pools", pools},
                      {"blocked_hubs", metrics.blocked_hubs}};
    return all.dump(2);
}

}  // namespace weft::diag
