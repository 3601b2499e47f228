// Datagrams: a server that answers, and a client that asks.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        auto socket = weft::net::UdpSocket::bind("127.0.0.1:0");
        auto server = weft::spawn([&] {
            char buffer[1500];
            for (;;) {
                const weft::net::Datagram datagram = socket.receive_from(buffer);
                socket.send_to({buffer, datagram.size}, datagram.from);
            }
        });

        auto client = weft::net::UdpSocket::open();
        client.connect(socket.local_endpoint());
        client.send("ping");
        char answer[1500];
        const std::size_t size = client.receive(answer, 5s);
        std::printf("%.*s\n", static_cast<int>(size), answer);
    });
}
// expect: ping
