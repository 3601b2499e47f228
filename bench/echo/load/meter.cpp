// Latencies, errors, and the times of the test.
#include "meter.hpp"

#include <algorithm>
#include <numeric>

namespace weft::bench {

namespace {

Duration seconds(double value) { return std::chrono::ceil<Duration>(std::chrono::duration<double>(value)); }

double in_seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

}  // namespace

void Meter::begin(TimePoint now) {
    start_ = now;
    measure_begin_ = now + seconds(config_.warmup);
    last_sample_ = measure_begin_;
    if (config_.messages == 0) {
        end_ = measure_begin_ + seconds(config_.seconds);
    }
}

void Meter::finish(TimePoint now) {
    if (!finished_) {
        finished_ = true;
        end_ = std::min(end_, now);
    }
}

double Meter::measured_seconds() const { return std::max(in_seconds(end_ - measure_begin_), 1e-9); }

std::uint64_t Meter::take_tickets(std::uint64_t wanted, TimePoint now) {
    if (finished_ || now >= end_) {
        return 0;
    }
    if (config_.messages == 0 || now < measure_begin_) {
        return wanted;
    }
    const std::uint64_t given = std::min(wanted, config_.messages - tickets_);
    tickets_ += given;
    return given;
}

void Meter::record(TimePoint begun, TimePoint now) {
    // A closed loop counts what ends in the measured time; an open one what was due in it, however late it
    // ends. A number of messages counts all of those, which begin in it.
    const bool by_begin = config_.open_loop() || config_.messages != 0;
    const TimePoint counted = by_begin ? begun : now;
    if (counted < measure_begin_ || counted >= end_) {
        return;
    }
    ++requests_;
    const Duration latency = now - begun;
    interval_.record(static_cast<std::uint64_t>(std::max<Duration::rep>(latency.count(), 0)));
}

void Meter::record_unanswered(TimePoint due, TimePoint now) {
    if (due >= measure_begin_ && due < end_) {
        ++unanswered_;
        interval_.record(static_cast<std::uint64_t>((now - due).count()));
    }
}

void Meter::error(std::string_view kind) {
    const auto place = errors_.find(kind);
    if (place != errors_.end()) {
        ++place->second;
    } else {
        errors_.emplace(kind, 1);
    }
}

const Sample& Meter::sample(TimePoint now) {
    const double length = std::max(in_seconds(now - last_sample_), 1e-9);
    const auto count = static_cast<double>(interval_.count());
    samples_.push_back({in_seconds(now - measure_begin_), count / length, interval_.quantile(0.5),
                        interval_.quantile(0.99)});
    last_sample_ = now;
    latency_.merge(interval_);
    interval_.reset();
    return samples_.back();
}

void Meter::count_the_rest() {
    latency_.merge(interval_);
    interval_.reset();
}

std::uint64_t Meter::error_count() const {
    return std::accumulate(errors_.begin(), errors_.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

}  // namespace weft::bench
