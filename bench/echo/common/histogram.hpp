// A histogram of latencies, log-linear in the manner of HdrHistogram: three significant digits at every
// magnitude, constant memory, one increment to record.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::bench {

/// Counts values from 0 to max_value() (about 18 minutes in nanoseconds); larger ones count as max_value(),
/// but max() is exact.
///
/// Below 2048 every value has a cell of its own. Above, each power of two is divided into 1024 cells, so a
/// cell is never wider than a thousandth of its values.
class Histogram {
public:
    Histogram() : counts_(cell_of(max_value()) + 1) {}

    static constexpr std::uint64_t max_value() { return (std::uint64_t{1} << max_bits) - 1; }

    void record(std::uint64_t value, std::uint64_t times = 1) {
        counts_[cell_of(std::min(value, max_value()))] += times;
        count_ += times;
        sum_ += static_cast<double>(value) * static_cast<double>(times);
        max_ = std::max(max_, value);
        min_ = std::min(min_, value);
    }

    void merge(const Histogram& other) {
        for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
            counts_[cell] += other.counts_[cell];
        }
        count_ += other.count_;
        sum_ += other.sum_;
        max_ = std::max(max_, other.max_);
        min_ = std::min(min_, other.min_);
    }

    void reset() { *this = Histogram(); }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

    /// The smallest recorded value (to three digits, rounded up) that at least this share of all values does
    /// not exceed; 0 while nothing was recorded.
    [[nodiscard]] std::uint64_t quantile(double share) const {
        if (count_ == 0) {
            return 0;
        }
        const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
        const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
        std::uint64_t seen = 0;
        for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
            seen += counts_[cell];
            if (seen >= rank) {
                return cell + 1 == counts_.size() ? max_ : std::min(largest_in(cell), max_);
            }
        }
        return max_;
    }

private:
    static constexpr unsigned linear_bits = 11;  // 2048 cells of width 1: three digits need 2 * 10^3
    static constexpr unsigned max_bits = 40;
    static constexpr std::size_t half = std::size_t{1} << (linear_bits - 1);

    // Values of one power of two share a shift; what is left after it lies in [half, 2 * half).
    static constexpr unsigned shift_of(std::uint64_t value) {
        const auto bits = static_cast<unsigned>(std::bit_width(value));
        return bits > linear_bits ? bits - linear_bits : 0;
    }
    static constexpr std::size_t cell_of(std::uint64_t value) {
        const unsigned shift = shift_of(value);
        return shift * half + static_cast<std::size_t>(value >> shift);
    }
    static constexpr std::uint64_t largest_in(std::size_t cell) {
        if (cell < 2 * half) {
            return cell;
        }
        const std::size_t shift = cell / half - 1;
        const std::uint64_t scaled = cell - shift * half;
        return ((scaled + 1) << shift) - 1;
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    std::uint64_t min_ = UINT64_MAX;
    double sum_ = 0;
};

}  // namespace weft::bench
