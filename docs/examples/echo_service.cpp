// The echo server as one would run it: a bound on connections, a limit on idle clients, a clean end.
#include <weft/weft.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

void echo(weft::net::TcpStream client) {
    client.set_read_timeout(5min);
    client.set_write_timeout(1min);
    char buffer[4096];
    std::error_code error;  // clients come and go: nothing to report
    while (const std::size_t size = client.read_some(buffer, error)) {
        client.write_all({buffer, size}, error);
        if (error) return;
    }
}

void serve(const char* address) {
    weft::os::SignalSet signals{SIGINT, SIGTERM};
    weft::net::Server server(weft::net::TcpListener::listen(address), echo, {.max_connections = 10'000});
    server.start();
    std::printf("listening on %s\n", server.endpoint().to_string().c_str());
    std::fflush(stdout);
    signals.wait();
    server.stop(5s);  // handlers may finish for so long, then they are cancelled
}

int main(int argc, char** argv) {
    weft::os::raise_descriptor_limit();
    try {
        weft::run([&] { serve(argc > 1 ? argv[1] : ":7000"); });
    } catch (const std::exception& error) {
        std::fprintf(stderr, "echo_service: %s\n", error.what());
        return 1;
    }
}
// example: build-only
