// All fibers of all threads, with what they do and where.
// expect: weft: 102 fibers on 1 hub
// expect: 100 fibers: readable
// expect: serve_client
// expect: "main": running
// expect: "accounts": sleep
#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <vector>

using namespace std::chrono_literals;

namespace {

[[gnu::noinline]] void serve_client(weft::net::UnixStream client) {
    char request[64];
    while (client.read_some(request) != 0) {
        client.write_all("thank you\n");
    }
}

[[gnu::noinline]] void sum_up() { weft::sleep_for(1h); }

}  // namespace

int main() {
    weft::run([] {
        std::vector<weft::net::UnixStream> clients;
        std::vector<weft::Fiber<>> fibers;
        for (int i = 0; i < 100; ++i) {
            auto [client, server] = weft::net::UnixStream::pair();
            clients.push_back(std::move(client));
            fibers.push_back(
                weft::spawn(weft::SpawnOptions{.name = "client"}, serve_client, std::move(server)));
        }
        fibers.push_back(weft::spawn(weft::SpawnOptions{.name = "accounts"}, sum_up));
        weft::yield();
        weft::diag::dump(std::cout);
    });
}
