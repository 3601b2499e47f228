// The results as one self-contained page with charts.
#include "page.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "chart.hpp"
#include "report.hpp"

namespace weft::bench {

namespace {

using nlohmann::json;

constexpr const char* head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>weft-echo-load</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem 1.5rem .2rem 0; font-weight: normal; vertical-align: top; }
th { color: #666; } figure { margin: 2rem 0; } figcaption { color: #666; font-size: .9rem; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
.grid { stroke: #8884; } .warning { border-left: 4px solid #c60; padding-left: 1rem; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } th, figcaption { color: #999; } }
</style></head><body>
)";

std::string escaped(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        switch (letter) {
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '&':
                result += "&amp;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += letter;
        }
    }
    return result;
}

std::string row(const std::string& name, const std::string& value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, escaped(value));
}

std::string number(const json& value, const char* form) {
    return value.is_number() ? fmt::format(fmt::runtime(form), value.get<double>()) : "not known";
}

std::string summary(const json& results) {
    const json& run = results["runs"][0];
    const json& latency = run["latency_us"];
    std::string text = "<table>\n";
    text += row("requests per second", number(run["requests_per_second"], "{:.0f}"));
    text += row("latency, µs", fmt::format("p50 {:.1f} · p90 {:.1f} · p99 {:.1f} · p99.9 {:.1f} · max {:.1f}",
                                           latency["p50"].get<double>(), latency["p90"].get<double>(),
                                           latency["p99"].get<double>(), latency["p999"].get<double>(),
                                           latency["max"].get<double>()));
    text += row("server CPU per request, µs",
                fmt::format("{} (user {}, system {})", number(run["cpu_us_per_request"], "{:.2f}"),
                            number(run["cpu_user_us_per_request"], "{:.2f}"),
                            number(run["cpu_system_us_per_request"], "{:.2f}")));
    text += row("system calls per request", number(run["syscalls_per_request"], "{:.2f}"));
    text += row("server peak memory, bytes", number(run["rss_bytes"], "{:.0f}"));
    text += row("errors", fmt::format("{}", run["errors"].get<std::uint64_t>()));
    for (const auto& [kind, count] : run["errors_by_kind"].items()) {
        text += row("· " + escaped(kind), fmt::format("{}", count.get<std::uint64_t>()));
    }
    const json& machine = results["machine"];
    text += row("machine",
                fmt::format("{}, {} processors, {}", machine["processor"].get<std::string>(),
                            machine["processors"].get<unsigned>(), machine["kernel"].get<std::string>()));
    text += row("weft", results["versions"]["weft"].get<std::string>());
    return text + "</table>\n";
}

Line series_line(const json& series, const char* key, std::string name, std::string colour) {
    Line line{std::move(name), std::move(colour), {}};
    for (const json& sample : series) {
        line.points.emplace_back(sample["seconds"].get<double>(), sample[key].get<double>());
    }
    return line;
}

/// Latency against how many nines of the requests stayed below it.
std::string distribution_chart(const json& run) {
    Line line{"latency", "#06c", {}};
    for (const json& point : run["distribution_us"]) {
        const double beyond = std::max(1 - point[0].get<double>(), 1e-7);
        line.points.emplace_back(1 / beyond, point[1].get<double>());
    }
    const Axis x{
        "share of the requests that took no longer",
        true,
        {{2, "50 %"}, {10, "90 %"}, {100, "99 %"}, {1000, "99.9 %"}, {1e4, "99.99 %"}, {1e5, "99.999 %"}}};
    return line_chart("Latency by share of the requests", x, {"µs", true}, {line});
}

}  // namespace

std::string as_page(const json& results) {
    const json& run = results["runs"][0];
    std::string text = head;
    text += fmt::format(
        "<h1>Echo load on {}</h1>\n<p>{} connections, messages of {} bytes, {} in flight on each, {}, "
        "measured for {:.2f} s. Every byte that came back was verified.</p>\n",
        escaped(run["server"].get<std::string>()), run["connected"].get<std::size_t>(),
        run["message_bytes"].get<std::size_t>(), run["depth"].get<std::size_t>(),
        run["rate"].is_null() ? "sent as fast as replies came"
                              : fmt::format("{:g} due each second", run["rate"].get<double>()),
        run["seconds"].get<double>());
    if (run["generator_is_bottleneck"].get<bool>()) {
        text += fmt::format(
            "<p class=\"warning\">The generator is the bottleneck: it used {:.0f} % of a processor, so these "
            "are its own limits and not the server's.</p>\n",
            run["generator_utilisation"].get<double>() * 100);
    }
    text += summary(results);
    text += line_chart("Requests per second", {"seconds"}, {"requests/s"},
                       {series_line(run["series"], "requests_per_second", "requests", "#06c")});
    text += line_chart("Latency over time", {"seconds"}, {"µs", true},
                       {series_line(run["series"], "p50_us", "p50", "#06c"),
                        series_line(run["series"], "p99_us", "p99", "#c60")});
    text += distribution_chart(run);
    return text + "</body></html>\n";
}

}  // namespace weft::bench
