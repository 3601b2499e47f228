// Metrics in the text format of Prometheus.
#include <weft/diag/metrics.hpp>

#include <charconv>
#include <iterator>

namespace weft::diag {

namespace {

class Text {
public:
    void family(const char* name, const char* type, const char* help) {
        name_ = name;
        text_ +=
            std::string("# HELP weft_") + name + ' ' + help + "\n# TYPE weft_" + name + ' ' + type + '\n';
    }
    void value(const std::string& labels, std::uint64_t value, const char* suffix = "") {
        line(labels, std::to_string(value), suffix);
    }
    void seconds(const std::string& labels, Duration value, const char* suffix) {
        line(labels, number(value), suffix);
    }
    std::string take() { return std::move(text_); }

    static std::string number(Duration value) {
        // Not by printf, which writes a comma in some countries.
        char text[32];
        const auto end =
            std::to_chars(std::begin(text), std::end(text), std::chrono::duration<double>(value).count());
        return {text, end.ptr};
    }

private:
    void line(const std::string& labels, const std::string& value, const char* suffix) {
        text_ += std::string("weft_") + name_ + suffix + (labels.empty() ? "" : "{" + labels + "}") + ' ' +
                 value + '\n';
    }

    const char* name_ = "";
    std::string text_;
};

std::string label(const char* name, const std::string& value) {
    return std::string(name) + "=\"" + value + '"';  // no value of ours has anything to escape
}

std::string label(const HubMetrics& hub) { return label("hub", std::to_string(hub.hub)); }

using Member = std::uint64_t HubMetrics::*;

struct Family {
    const char* name;
    const char* type;
    Member member;
    const char* help;
};

constexpr Family families[] = {
    {"hub_passes_total", "counter", &HubMetrics::passes, "Passes of the hub's loop."},
    {"switches_total", "counter", &HubMetrics::switches, "Switches from one fiber to the next."},
    {"outside_wakeups_total", "counter", &HubMetrics::outside_wakeups, "Messages from other threads."},
    {"timers_fired_total", "counter", &HubMetrics::timers_fired, "Deadlines that have passed."},
    {"fibers", "gauge", &HubMetrics::fibers, "Fibers alive, without the main fiber."},
    {"timers", "gauge", &HubMetrics::timers, "Deadlines that are pending."},
    {"outside_waits", "gauge", &HubMetrics::outside_waits,
     "Fibers that wait for descriptors, threads or signals."},
    {"run_queue", "gauge", &HubMetrics::run_queue, "Fibers that were ready at once, at the last sample."},
};

void add_waits(Text& text, const std::vector<HubMetrics>& hubs, const char* name, const char* type,
               const char* help, std::uint64_t WaitMetrics::*member) {
    text.family(name, type, help);
    for (const HubMetrics& hub : hubs) {
        for (const WaitMetrics& wait : hub.waits) {
            text.value(label(hub) + ',' + label("reason", wait.reason), wait.*member);
        }
    }
}

void add_delay(Text& text, const std::vector<HubMetrics>& hubs) {
    text.family("run_delay_seconds", "histogram", "How long ready fibers waited for their turn (a sample).");
    for (const HubMetrics& hub : hubs) {
        std::uint64_t below = 0;
        for (const DurationMetrics::Bucket& bucket : hub.run_delay.buckets) {
            below += bucket.count;
            const bool last = bucket.below == Duration::max();
            text.value(label(hub) + ',' + label("le", last ? "+Inf" : Text::number(bucket.below)), below,
                       "_bucket");
        }
        text.seconds(label(hub), hub.run_delay.sum, "_sum");
        text.value(label(hub), hub.run_delay.count, "_count");
    }
}

}  // namespace

std::string to_prometheus(const Metrics& metrics) {
    Text text;
    for (const Family& family : families) {
        text.family(family.name, family.type, family.help);
        for (const HubMetrics& hub : metrics.hubs) {
            text.value(label(hub), hub.*family.member);
        }
    }
    text.family("hub_asleep", "gauge", "Whether the hub waits for events.");
    for (const HubMetrics& hub : metrics.hubs) {
        text.value(label(hub), hub.asleep ? 1 : 0);
    }
    add_waits(text, metrics.hubs, "waits_total", "counter", "Waits that have begun.", &WaitMetrics::begun);
    add_waits(text, metrics.hubs, "waiting", "gauge", "Fibers that wait.", &WaitMetrics::now);
    add_delay(text, metrics.hubs);
    text.family("stacks_in_use", "gauge", "Stacks of fibers and hubs.");
    text.value("", metrics.stacks.in_use);
    text.family("stacks_made", "gauge", "Stacks in use, warm or cold.");
    text.value("", metrics.stacks.made);
    text.family("stacks_reserved_bytes", "gauge", "Address space of all stacks.");
    text.value("", metrics.stacks.reserved_bytes);
    text.family("stacks_resident_bytes", "gauge", "Memory of all stacks.");
    text.value("", metrics.stacks.resident_bytes);
    text.family("pool_threads", "gauge", "Threads of a pool.");
    for (const ThreadPoolMetrics& pool : metrics.pools) {
        text.value(label("pool", pool.pool), pool.threads);
    }
    text.family("pool_max_threads", "gauge", "How many threads a pool may have.");
    for (const ThreadPoolMetrics& pool : metrics.pools) {
        text.value(label("pool", pool.pool), pool.max_threads);
    }
    text.family("pool_queued", "gauge", "Jobs that have not begun.");
    for (const ThreadPoolMetrics& pool : metrics.pools) {
        text.value(label("pool", pool.pool), pool.queued);
    }
    text.family("blocked_hubs_total", "counter", "How often the watchdog has found a hub blocked.");
    text.value("", metrics.blocked_hubs);
    return text.take();
}

}  // namespace weft::diag
