// What a test has found, as JSON and as a table.
#include "report.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <weft/version.hpp>

#include <algorithm>
#include <fstream>
#include <thread>

namespace weft::bench {

namespace {

using nlohmann::json;

double micros(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

json quantiles(const Histogram& latency) {
    return {{"p50", micros(latency.quantile(0.5))},
            {"p90", micros(latency.quantile(0.9))},
            {"p99", micros(latency.quantile(0.99))},
            {"p999", micros(latency.quantile(0.999))},
            {"max", micros(latency.max())}};
}

/// The latency below which each share of the requests stayed, for the chart.
json distribution(const Histogram& latency) {
    json points = json::array();
    for (double beyond = 1; beyond >= 1e-6; beyond /= 1.5) {
        points.push_back({1 - beyond, micros(latency.quantile(1 - beyond))});
    }
    return points;
}

json series(const Meter& meter) {
    json list = json::array();
    for (const Sample& sample : meter.samples()) {
        list.push_back({{"seconds", sample.seconds},
                        {"requests_per_second", sample.requests_per_second},
                        {"p50_us", micros(sample.p50_ns)},
                        {"p99_us", micros(sample.p99_ns)}});
    }
    return list;
}

std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with("model name")) {
            return line.substr(std::min(line.size(), line.find(':') + 2));
        }
    }
    return "unknown";
}

json machine() {
    utsname system{};
    ::uname(&system);
    return {{"kernel", fmt::format("{} {}", system.sysname, system.release)},
            {"processor", processor()},
            {"processors", std::thread::hardware_concurrency()}};
}

void add_server(json& result, const LoadTest& test, std::optional<double> syscalls_per_request) {
    const double seconds = test.server_cpu_seconds();
    const auto requests = static_cast<double>(std::max<std::uint64_t>(test.meter().requests(), 1));
    const bool known = !test.server_pids().empty();
    const double total = seconds * 1e6 / requests;
    result["cpu_us_per_request"] = known ? json(total) : json();
    result["cpu_user_us_per_request"] = known ? json(total * test.server_user_share()) : json();
    result["cpu_system_us_per_request"] = known ? json(total * (1 - test.server_user_share())) : json();
    result["server_utilisation"] = known ? json(seconds / test.meter().measured_seconds()) : json();
    result["rss_bytes"] = known ? json(test.server_peak_memory()) : json();
    result["syscalls_per_request"] = syscalls_per_request ? json(*syscalls_per_request) : json();
}

std::string number_or_dash(const json& value, const char* form) {
    return value.is_number() ? fmt::format(fmt::runtime(form), value.get<double>()) : "-";
}

}  // namespace

json results(const LoadConfig& config, const LoadTest& test, std::optional<double> syscalls_per_request) {
    const Meter& meter = test.meter();
    json result = {{"server", config.target()},
                   {"connections", config.connections},
                   {"connected", test.connected()},
                   {"message_bytes", config.size},
                   {"depth", config.depth},
                   {"seconds", meter.measured_seconds()},
                   {"requests", meter.requests()},
                   {"requests_per_second", static_cast<double>(meter.requests()) / meter.measured_seconds()},
                   {"rate", config.open_loop() ? json(config.rate) : json()},
                   {"unanswered", meter.unanswered()},
                   {"latency_us", quantiles(meter.latency_ns())},
                   {"errors", meter.error_count()},
                   {"errors_by_kind", meter.errors()},
                   {"generator_utilisation", test.own_utilisation()},
                   {"generator_is_bottleneck", test.own_utilisation() >= bottleneck_utilisation}};
    add_server(result, test, syscalls_per_request);
    result["distribution_us"] = distribution(meter.latency_ns());
    result["series"] = series(meter);
    return {{"machine", machine()}, {"versions", {{"weft", version()}}}, {"runs", json::array({result})}};
}

std::string as_table(const json& results) {
    const json& run = results["runs"][0];
    const json& latency = run["latency_us"];
    std::string text =
        fmt::format("{}: {} connections, {} bytes, depth {}, {}\n", run["server"].get<std::string>(),
                    run["connected"].get<std::size_t>(), run["message_bytes"].get<std::size_t>(),
                    run["depth"].get<std::size_t>(),
                    run["rate"].is_null() ? "as fast as possible"
                                          : fmt::format("{:g} a second", run["rate"].get<double>()));
    const auto row = [&text](const char* name, const std::string& value) {
        text += fmt::format("  {:<26} {}\n", name, value);
    };
    row("requests",
        fmt::format("{} in {:.2f} s", run["requests"].get<std::uint64_t>(), run["seconds"].get<double>()));
    row("requests per second", fmt::format("{:.0f}", run["requests_per_second"].get<double>()));
    row("latency us",
        fmt::format("p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f}",
                    latency["p50"].get<double>(), latency["p90"].get<double>(), latency["p99"].get<double>(),
                    latency["p999"].get<double>(), latency["max"].get<double>()));
    row("server CPU us per request",
        fmt::format("{} (user {}, system {})", number_or_dash(run["cpu_us_per_request"], "{:.2f}"),
                    number_or_dash(run["cpu_user_us_per_request"], "{:.2f}"),
                    number_or_dash(run["cpu_system_us_per_request"], "{:.2f}")));
    row("system calls per request", number_or_dash(run["syscalls_per_request"], "{:.2f}"));
    row("server peak memory", run["rss_bytes"].is_number()
                                  ? fmt::format("{:.1f} MiB", run["rss_bytes"].get<double>() / (1 << 20))
                                  : "-");
    if (run["unanswered"].get<std::uint64_t>() > 0) {
        row("due but not answered", fmt::format("{}", run["unanswered"].get<std::uint64_t>()));
    }
    row("errors", fmt::format("{}", run["errors"].get<std::uint64_t>()));
    for (const auto& [kind, count] : run["errors_by_kind"].items()) {
        text += fmt::format("    {:<40} {}\n", kind, count.get<std::uint64_t>());
    }
    if (run["generator_is_bottleneck"].get<bool>()) {
        text += fmt::format(
            "  The generator is the bottleneck: it used {:.0f} % of a processor, so these are its own limits "
            "and not "
            "the server's.\n",
            run["generator_utilisation"].get<double>() * 100);
    }
    return text;
}

}  // namespace weft::bench
