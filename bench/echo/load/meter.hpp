// What the connections report to: latencies, errors, and whether it is time to send, to measure, to stop.
#pragma once

#include <weft/core/run.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/histogram.hpp"
#include "options.hpp"

namespace weft::bench {

/// One interval of the measured time, for the charts.
struct Sample {
    double seconds;  ///< its end, from the beginning of the measured time
    double requests_per_second;
    std::uint64_t p50_ns;
    std::uint64_t p99_ns;
};

/// All connections are on one hub, so nothing here is locked.
class Meter {
public:
    explicit Meter(const LoadConfig& config) : config_(config) {}

    /// The load begins now, the measured time after the warm-up.
    void begin(TimePoint now);
    [[nodiscard]] TimePoint start() const { return start_; }
    [[nodiscard]] TimePoint measure_begin() const { return measure_begin_; }
    /// TimePoint::max() where a number of messages ends the test.
    [[nodiscard]] TimePoint end() const { return end_; }
    /// The measured time is over: the end of the load, or the last of the messages.
    void finish(TimePoint now);
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] double measured_seconds() const;

    /// Closed loop: how many of `wanted` messages may be sent now.
    std::uint64_t take_tickets(std::uint64_t wanted, TimePoint now);

    /// A reply has come to a message sent, or (open loop) due, at `begun`.
    void record(TimePoint begun, TimePoint now);
    /// Open loop: a message that was due has not been sent, or not been answered, by the end.
    void record_unanswered(TimePoint due, TimePoint now);
    void error(std::string_view kind);

    /// Ends an interval and returns it.
    const Sample& sample(TimePoint now);
    /// What has come after the end counts, but is no interval of its own.
    void count_the_rest();

    [[nodiscard]] const Histogram& latency_ns() const { return latency_; }
    [[nodiscard]] std::uint64_t requests() const { return requests_; }
    [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }
    [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& errors() const { return errors_; }
    [[nodiscard]] std::uint64_t error_count() const;

private:
    const LoadConfig& config_;
    TimePoint start_{};
    TimePoint measure_begin_ = TimePoint::max();
    TimePoint end_ = TimePoint::max();
    TimePoint last_sample_{};
    bool finished_ = false;
    std::uint64_t tickets_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t unanswered_ = 0;
    Histogram latency_;
    Histogram interval_;
    std::vector<Sample> samples_;
    std::map<std::string, std::uint64_t, std::less<>> errors_;
};

}  // namespace weft::bench
