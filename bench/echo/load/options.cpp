// The command line of weft-echo-load.
#include "options.hpp"

#include "common/command_line.hpp"

#include <fmt/core.h>
#include <weft/net/address.hpp>
#include <weft/version.hpp>

#include <CLI/CLI.hpp>

namespace weft::bench {

std::string LoadConfig::target() const {
    if (!unix_path.empty()) {
        return "unix:" + unix_path;
    }
    const bool bare_v6 = host.find(':') != std::string::npos;
    return bare_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

namespace {

void add_load(CLI::App& app, LoadConfig& config) {
    constexpr std::size_t gigabyte = std::size_t{1} << 30;
    app.add_option("host", config.host, "server's name or address");
    app.add_option("port", config.port, "server's port")->check(CLI::Range(1, 65535));
    app.add_option("--unix", config.unix_path,
                   "the server's Unix socket path instead; @NAME for an abstract one");
    app.add_option("--connections", config.connections, "connections, one fiber each (default 50)")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--size", config.size, "bytes of a message (default 64)")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(std::size_t{1}, gigabyte));
    app.add_option("--depth", config.depth, "messages in flight on each connection (default 1)")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option(
           "--rate", config.rate,
           "messages per second over all connections, sent by the clock and not by the replies; latencies "
           "count from when a message was due (default: as fast as possible)")
        ->check(CLI::Range(0.001, 1e9));
}

void add_length(CLI::App& app, LoadConfig& config) {
    auto* seconds = app.add_option("--seconds", config.seconds, "measured time (default 5)")
                        ->check(CLI::Range(0.01, 86400.0));
    app.add_option("--messages", config.messages, "end after so many messages instead")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 60))
        ->excludes(seconds);
    app.add_option("--warmup", config.warmup, "seconds of load before the measured time (default 0.5)")
        ->check(CLI::Range(0.0, 3600.0));
    app.add_option("--timeout", config.timeout,
                   "seconds until a connection or a reply is given up (default 10)")
        ->check(CLI::Range(0.001, 86400.0));
}

void add_report(CLI::App& app, LoadConfig& config) {
    app.add_option("--server-pid", config.server_pids,
                   "processes of the server (default: found for a local port)")
        ->check(CLI::Range(1, 1 << 22));
    app.add_flag("--syscalls", config.count_syscalls,
                 "count the server's system calls in an extra second, with perf or strace");
    app.add_option("--json", config.json_file, "write the results as JSON");
    app.add_option("--html", config.html_file, "write the results as a page with charts");
    app.add_flag("--quiet", config.quiet, "no progress line");
}

}  // namespace

LoadConfig parse_load_options(int argc, char** argv) {
    LoadConfig config;
    CLI::App app("Loads an echo server and verifies every byte that comes back.", "weft-echo-load");
    app.set_version_flag("--version", fmt::format("weft {}", version()));
    app.failure_message([](const CLI::App* self, const CLI::Error& error) {
        return fmt::format("{}: {}\n(--help lists the options)\n", self->get_name(), error.what());
    });
    add_load(app, config);
    add_length(app, config);
    add_report(app, config);
    app.callback([&] {
        if (config.unix_path.empty() && (config.host.empty() || config.port == 0)) {
            throw CLI::ValidationError("HOST PORT",
                                       "both are needed, as in 127.0.0.1 8000, or else --unix PATH");
        }
    });
    parse_or_exit(app, argc, argv);
    return config;
}

}  // namespace weft::bench
