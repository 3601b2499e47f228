// A line chart as SVG.
#include "chart.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft::bench {

namespace {

constexpr double width = 640;
constexpr double height = 300;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 30;
constexpr double bottom = 45;

/// Maps values of one axis to places between `from` and `to`.
class Scale {
public:
    Scale(const Axis& axis, double least, double most, double from, double to)
        : log_(axis.logarithmic), from_(from), to_(to), least_(project(least)), most_(project(most)) {
        if (most_ <= least_) {
            most_ = least_ + 1;
        }
    }
    double operator()(double value) const {
        const double share = (project(value) - least_) / (most_ - least_);
        return from_ + std::clamp(share, 0.0, 1.0) * (to_ - from_);
    }

private:
    double project(double value) const { return log_ ? std::log10(std::max(value, 1e-9)) : value; }

    bool log_;
    double from_;
    double to_;
    double least_;
    double most_;
};

std::string short_number(double value) {
    if (value >= 1e6) {
        return fmt::format("{:g} M", value / 1e6);
    }
    return value >= 1e3 ? fmt::format("{:g} k", value / 1e3) : fmt::format("{:g}", value);
}

std::vector<std::pair<double, std::string>> ticks_for(const Axis& axis, double least, double most) {
    if (!axis.ticks.empty()) {
        return axis.ticks;
    }
    std::vector<std::pair<double, std::string>> ticks;
    if (axis.logarithmic) {
        for (double value = std::pow(10, std::floor(std::log10(least))); value <= most * 1.001; value *= 10) {
            ticks.emplace_back(value, short_number(value));
        }
        return ticks;
    }
    const double rough = (most - least) / 5;
    const double magnitude = std::pow(10, std::floor(std::log10(std::max(rough, 1e-9))));
    const double step = magnitude * (rough / magnitude < 1.5 ? 1 : rough / magnitude < 3.5 ? 2 : 5);
    for (double value = std::ceil(least / step) * step; value <= most * 1.001; value += step) {
        ticks.emplace_back(value, short_number(value));
    }
    return ticks;
}

struct Range {
    double least = std::numeric_limits<double>::max();
    double most = std::numeric_limits<double>::lowest();

    void include(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }
};

/// From the lowest decade to the highest, or from zero.
Range rounded(const Axis& axis, Range range) {
    if (range.most < range.least) {
        return axis.logarithmic ? Range{1, 10}
                                : Range{0, 1};  // nothing to show; a logarithm of 0 has no ticks
    }
    if (axis.logarithmic) {
        range.least = std::max(range.least, 1e-3);
        return {std::pow(10, std::floor(std::log10(range.least))), std::max(range.most, range.least) * 1.1};
    }
    return {std::min(0.0, range.least), range.most * 1.05 + 1e-9};
}

std::string path(const Line& line, const Scale& x, const Scale& y) {
    std::string text = fmt::format("<path fill=\"none\" stroke=\"{}\" stroke-width=\"2\" d=\"", line.colour);
    char command = 'M';
    for (const auto& [px, py] : line.points) {
        text += fmt::format("{}{:.1f} {:.1f}", command, x(px), y(py));
        command = 'L';
    }
    return text + "\"/>";
}

}  // namespace

std::string line_chart(const std::string& title, const Axis& x_axis, const Axis& y_axis,
                       const std::vector<Line>& lines) {
    Range x_range;
    Range y_range;
    for (const Line& line : lines) {
        for (const auto& [px, py] : line.points) {
            x_range.include(px);
            y_range.include(py);
        }
    }
    y_range = rounded(y_axis, y_range);
    const Scale x(x_axis, x_range.least, x_range.most, left, width - right);
    const Scale y(y_axis, y_range.least, y_range.most, height - bottom, top);
    std::string text = fmt::format("<figure><svg viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title>", width,
                                   height, title);
    for (const auto& [value, label] : ticks_for(y_axis, y_range.least, y_range.most)) {
        text += fmt::format(
            "<path class=\"grid\" d=\"M{0} {2:.1f}H{1}\"/><text x=\"{3}\" y=\"{4:.1f}\" "
            "text-anchor=\"end\">{5}</text>",
            left, width - right, y(value), left - 6, y(value) + 4, label);
    }
    for (const auto& [value, label] : ticks_for(x_axis, x_range.least, x_range.most)) {
        text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x(value),
                            height - bottom + 18, label);
    }
    text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", width / 2, height - 8,
                        x_axis.label);
    text += fmt::format("<text x=\"{}\" y=\"16\">{}</text>", 6, y_axis.label);
    double legend = left;
    for (const Line& line : lines) {
        text += path(line, x, y);
        if (lines.size() > 1) {
            text += fmt::format("<text x=\"{}\" y=\"16\" fill=\"{}\">{}</text>", legend + 150, line.colour,
                                line.name);
            legend += 80;
        }
    }
    return text + fmt::format("</svg><figcaption>{}</figcaption></figure>\n", title);
}

}  // namespace weft::bench
