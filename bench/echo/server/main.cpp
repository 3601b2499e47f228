// weft-echo-server: sends back what it receives, one fiber per connection, in plain blocking code.
#include <fmt/core.h>
#include <weft/core/run.hpp>
#include <weft/net/server.hpp>
#include <weft/os/limits.hpp>
#include <weft/os/signal.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

#include "options.hpp"

namespace weft::bench {
namespace {

using Buffer = std::unique_ptr<std::byte[]>;

/// This hub's, while no connection uses it: one that waits for a message has none.
thread_local Buffer spare_buffer;

/// The whole service: what comes in goes out.
void echo(net::StreamSocket& stream, std::size_t buffer_size) {
    Buffer& spare = spare_buffer;  // a fiber stays on its hub
    std::error_code error;         // a client that has gone is nothing to report
    std::size_t size = 0;
    do {
        stream.wait_readable(error);
        // Not zeroed: memory that no message reaches stays untouched.
        Buffer buffer = spare ? std::move(spare) : std::make_unique_for_overwrite<std::byte[]>(buffer_size);
        do {
            size = stream.read_some({buffer.get(), buffer_size}, error);
            if (!error) {
                stream.write_all({buffer.get(), size}, error);
            }
        } while (size == buffer_size && !error);  // there may be more
        spare = std::move(buffer);
    } while (size > 0 && !error);
}

std::unique_ptr<net::Server> make_server(const ServerConfig& config) {
    net::ServerOptions options;
    options.name = "echo";
    options.hubs = config.hubs;
    options.stack_size = config.stack_size;
    options.max_connections = config.max_connections;
    const std::size_t buffer = config.buffer;
    if (!config.unix_path.empty()) {
        return std::make_unique<net::Server>(
            net::UnixListener::listen(config.unix_path),
            [buffer](net::UnixStream stream) { echo(stream, buffer); }, std::move(options));
    }
    const net::Endpoint endpoint(net::Address::parse(config.host), config.port);
    return std::make_unique<net::Server>(
        net::TcpListener::listen(endpoint, {.backlog = 1024}),
        [buffer](net::TcpStream stream) { echo(stream, buffer); }, std::move(options));
}

void serve(const ServerConfig& config) {
    os::SignalSet signals{SIGINT, SIGTERM};
    const auto server = make_server(config);
    auto stopper = spawn(SpawnOptions{.name = "signals"}, [&] {
        signals.wait();
        server->request_stop(std::chrono::seconds(1));
        signals.wait();  // once more: at once
        std::_Exit(1);
    });
    server->start();
    fmt::print("listening on {}\n", server->endpoint().to_string());
    std::fflush(stdout);
    server->run();
}

}  // namespace
}  // namespace weft::bench

int main(int argc, char** argv) {
    const auto config = weft::bench::parse_server_options(argc, argv);
    weft::os::raise_descriptor_limit();
    try {
        weft::run([&] { weft::bench::serve(config); });
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "weft-echo-server: {}\n", error.what());
        return 1;
    }
}
