// weft-echo-server: sends back what it receives, one fiber per connection, in plain blocking code.
#include <fmt/core.h>
#include <weft/core/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/os/limits.hpp>

#include <cstdio>
#include <exception>
#include <memory>

#include "options.hpp"

namespace weft::bench {
namespace {

void echo(net::TcpStream stream, std::size_t buffer_size) {
    // Not zeroed: memory that no message reaches stays untouched.
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
    std::error_code error;
    while (const std::size_t size = stream.read_some({buffer.get(), buffer_size}, error)) {
        stream.write_all({buffer.get(), size}, error);
        if (error) {
            return;  // a client that has gone is nothing to report
        }
    }
}

int serve(const ServerConfig& config) {
    auto listener = net::TcpListener::listen(net::Endpoint(net::Address::parse(config.host), config.port));
    fmt::print("listening on {}\n", listener.endpoint().to_string());
    std::fflush(stdout);
    for (;;) {
        spawn_detached(SpawnOptions{.stack_size = config.stack_size},
                       [size = config.buffer, stream = listener.accept()]() mutable { echo(std::move(stream), size); });
    }
}

}  // namespace
}  // namespace weft::bench

int main(int argc, char** argv) {
    const auto config = weft::bench::parse_server_options(argc, argv);
    weft::os::raise_descriptor_limit();
    try {
        return weft::run([&] { return weft::bench::serve(config); });
    } catch (const std::exception& error) {
        fmt::print(stderr, "weft-echo-server: {}\n", error.what());
        return 1;
    }
}
