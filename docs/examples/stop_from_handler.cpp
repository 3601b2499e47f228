// A server that a client can stop: a handler asks for the end, and does not wait for it.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        weft::net::Server* self = nullptr;
        weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0"),
                                 [&](weft::net::TcpStream client) {
                                     char order[4];
                                     client.read_exact(order);
                                     self->request_stop(1s);
                                     client.write_all("bye\n");
                                 });
        self = &server;
        server.start();

        auto client = weft::net::TcpStream::connect(server.endpoint(), 5s);
        client.write_all("stop");
        char answer[4];
        client.read_exact(answer, 5s);
        server.stop();  // it stops already: this waits for the end
        std::printf("%.3s; running: %s\n", answer, server.running() ? "yes" : "no");
    });
}
// expect: bye; running: no
