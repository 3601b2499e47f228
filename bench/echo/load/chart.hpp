// A line chart as SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace weft::bench {

struct Line {
    std::string name;
    std::string colour;
    std::vector<std::pair<double, double>> points;
};

struct Axis {
    std::string label;
    bool logarithmic = false;
    /// Where the ticks are and what they say; empty: chosen by the chart.
    std::vector<std::pair<double, std::string>> ticks = {};
};

std::string line_chart(const std::string& title, const Axis& x, const Axis& y,
                       const std::vector<Line>& lines);

}  // namespace weft::bench
