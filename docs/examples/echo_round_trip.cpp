// An echo server and its client, two fibers of one program.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

void echo(weft::net::TcpStream client) {
    char buffer[4096];
    while (const std::size_t size = client.read_some(buffer)) client.write_all({buffer, size});
}

int main() {
    weft::run([] {
        auto listener = weft::net::TcpListener::listen("127.0.0.1:0");  // the system picks a port
        auto server = weft::spawn([&] {
            for (;;) weft::spawn_detached(echo, listener.accept());
        });

        auto stream = weft::net::TcpStream::connect(listener.endpoint(), 5s);
        stream.set_read_timeout(5s);  // for each read that has no limit of its own

        stream.write_all("hello");
        std::string answer(5, ' ');
        stream.read_exact(answer);
        std::printf("answer: %s\n", answer.c_str());

        stream.shutdown_write();  // the server reads the end, and closes
        std::printf("then the end: %zu bytes\n", stream.read_some(answer));
    });  // what still runs is cancelled and waited for here
}
// expect: answer: hello
// expect: then the end: 0 bytes
