// What happens to exceptions and to errors of the system.
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <system_error>

int fail() { throw std::runtime_error("no luck today"); }

int main() {
    weft::run([] {
        // get() throws what the fiber threw, each time.
        weft::Fiber<int> broken = weft::spawn(fail);
        try {
            broken.get();
        } catch (const std::runtime_error& error) {
            std::printf("collected: %s\n", error.what());
        }

        // An error that nobody collects is printed when its fiber ends; the others go on.
        weft::spawn_detached(weft::SpawnOptions{.name = "careless"}, fail);
        weft::yield();

        // Input and output throw std::system_error, and the text says what failed where.
        auto listener = weft::net::TcpListener::listen("127.0.0.1:0");
        const weft::net::Endpoint nobody_there = listener.endpoint();
        listener.close();
        try {
            auto stream = weft::net::TcpStream::connect(nobody_there);
        } catch (const std::system_error& error) {
            std::printf("refused: %s\n", error.code() == std::errc::connection_refused ? "yes" : "no");
        }

        // Each such call has a twin that puts the error into a variable instead.
        std::error_code error;
        auto stream = weft::net::TcpStream::connect(nobody_there, weft::never, error);
        std::printf("refused again: %s\n", error.message().c_str());
    });
}
// expect: "careless" ended with an error that nobody collected: std::runtime_error: no luck today
// expect: collected: no luck today
// expect: refused: yes
// expect: refused again: Connection refused
