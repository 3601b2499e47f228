// The command line of weft-echo-server.
#include "options.hpp"

#include "common/command_line.hpp"

#include <fmt/core.h>
#include <weft/net/address.hpp>
#include <weft/version.hpp>

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>

namespace weft::bench {

namespace {

/// A CLI11 check: what `parse` refuses is refused in its words.
template <class Parse>
auto accepted_by(Parse parse) {
    return [parse](const std::string& text) {
        try {
            parse(text);
            return std::string();
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
    };
}

}  // namespace

ServerConfig parse_server_options(int argc, char** argv) {
    ServerConfig config;
    CLI::App app("Echoes back what its clients send. The first line that it prints says where it listens.",
                 "weft-echo-server");
    app.set_version_flag("--version", fmt::format("weft {}", version()));
    app.add_option("--host", config.host, "address to listen at, IPv4 or IPv6 (default 127.0.0.1)")
        ->check(accepted_by([](const std::string& text) { (void)net::Address::parse(text); }));
    app.add_option("--port", config.port, "port; 0 lets the system pick one (default 0)")
        ->check(CLI::Range(0, 65535));
    app.add_option("--unix", config.unix_path,
                   "listen at this Unix socket path instead; @NAME for an abstract one")
        ->check(accepted_by([](const std::string& text) { (void)net::Endpoint::unix_path(text); }));
    app.add_option("--hubs", config.hubs, "OS threads that serve (default 1)")->check(CLI::Range(1, 1024));
    app.add_option("--stack-size", config.stack_size,
                   "bytes of stack of a connection's fiber (default 256 KiB)")
        ->transform(CLI::AsSizeValue(false));
    app.add_option("--buffer", config.buffer, "bytes of a connection's message buffer (default 16 KiB)")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
    app.add_option("--max-connections", config.max_connections,
                   "beyond it clients wait in the queue (default no bound)");
    parse_or_exit(app, argc, argv);
    return config;
}

}  // namespace weft::bench
