// Sends back what it receives: plain blocking code, one fiber per connection.
#include <weft/weft.hpp>

void echo(weft::net::TcpStream client) {
    char buffer[4096];
    while (const std::size_t size = client.read_some(buffer)) client.write_all({buffer, size});
}

int main(int argc, char** argv) {
    auto listener = weft::net::TcpListener::listen(argc > 1 ? argv[1] : ":7000");
    for (;;) weft::spawn_detached(echo, listener.accept());
}
// example: build-only
