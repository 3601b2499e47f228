// The histogram of latencies: exact where values are small, three digits everywhere, and nothing lost.
#include "common/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace weft::bench {
namespace {

// As the definition says it: the smallest value that at least this share does not exceed.
std::uint64_t exact_quantile(std::vector<std::uint64_t> values, double share) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, IsZeroWhileEmpty) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.quantile(0.99), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, IsExactBelow2048) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 1000; ++value) {
        histogram.record(value);
    }
    EXPECT_EQ(histogram.quantile(0.5), 500U);
    EXPECT_EQ(histogram.quantile(0.9), 900U);
    EXPECT_EQ(histogram.quantile(0.999), 999U);
    EXPECT_EQ(histogram.quantile(1), 1000U);
    EXPECT_EQ(histogram.quantile(0), 1U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

TEST(Histogram, KeepsThreeDigitsAtEveryMagnitude) {
    for (std::uint64_t value = 1; value < Histogram::max_value() / 2; value = value * 5 / 3 + 1) {
        Histogram histogram;
        histogram.record(value);
        histogram.record(Histogram::max_value() / 2);  // or the maximum would make it exact
        const std::uint64_t answer = histogram.quantile(0.5);
        EXPECT_GE(answer, value);
        EXPECT_LE(answer - value, value / 1000) << value;
    }
}

TEST(Histogram, AgreesWithSortingOnRandomLatencies) {
    std::mt19937_64 random(20261121);
    std::lognormal_distribution<double> latency(12, 2);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 50'000; ++i) {
        values.push_back(static_cast<std::uint64_t>(latency(random)));
        histogram.record(values.back());
    }
    for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
        const std::uint64_t expected = exact_quantile(values, share);
        const std::uint64_t answer = histogram.quantile(share);
        EXPECT_GE(answer, expected) << share;
        EXPECT_LE(answer - expected, expected / 1000) << share;
    }
    EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
}

TEST(Histogram, CountsWhatIsTooLargeAndKeepsItsMaximum) {
    Histogram histogram;
    histogram.record(UINT64_MAX);
    EXPECT_EQ(histogram.count(), 1U);
    EXPECT_EQ(histogram.max(), UINT64_MAX);
    EXPECT_EQ(histogram.quantile(0.5), UINT64_MAX);
}

TEST(Histogram, RecordsRepeatedValuesAtOnce) {
    Histogram histogram;
    histogram.record(10, 99);
    histogram.record(5000);
    EXPECT_EQ(histogram.count(), 100U);
    EXPECT_EQ(histogram.quantile(0.99), 10U);
    EXPECT_EQ(histogram.quantile(0.991), 5000U);
}

TEST(Histogram, MergesAsIfAllHadBeenRecordedInOne) {
    Histogram one;
    Histogram other;
    Histogram both;
    for (std::uint64_t value = 1; value < 10'000'000; value = value * 7 / 5 + 1) {
        (value % 2 == 0 ? one : other).record(value);
        both.record(value);
    }
    one.merge(other);
    EXPECT_EQ(one.count(), both.count());
    EXPECT_EQ(one.min(), both.min());
    EXPECT_EQ(one.max(), both.max());
    EXPECT_DOUBLE_EQ(one.mean(), both.mean());
    for (const double share : {0.1, 0.5, 0.9, 0.99}) {
        EXPECT_EQ(one.quantile(share), both.quantile(share));
    }
}

TEST(Histogram, ResetForgetsAll) {
    Histogram histogram;
    histogram.record(123'456);
    histogram.reset();
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    histogram.record(7);
    EXPECT_EQ(histogram.quantile(0.5), 7U);
    EXPECT_EQ(histogram.min(), 7U);
}

}  // namespace
}  // namespace weft::bench
