// Name resolution runs in an OS thread, so that the hub goes on.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <system_error>

using namespace std::chrono_literals;

int main() {
    weft::run([] {
        for (const weft::net::Endpoint& endpoint : weft::net::resolve("127.0.0.1", "80")) {
            std::printf("%s\n", endpoint.to_string().c_str());
        }
        std::error_code error;
        const auto none = weft::net::resolve("no such host", "80", 5s, error);
        std::printf("%zu found: %s\n", none.size(), error ? "an error says why" : "");
    });
}
// expect: 127.0.0.1:80
// expect: 0 found: an error says why
