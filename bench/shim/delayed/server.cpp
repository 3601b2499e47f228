// weft-delay-server: speaks as much of Redis's protocol and of HTTP as a client needs that asks to be kept waiting, `DELAY ms` or
// `GET /ms`. Prints its port and serves until it is killed.
#include <weft/weft.hpp>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

/// The number that `text` begins with, 0 for none.
int number_at(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::size_t lines(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string_view::npos; at += 2) ++count;
    return count;
}

bool is_redis(std::string_view request) { return request.starts_with('*'); }

/// An array of n parts has a line for itself and two for each part; a request by GET ends with an empty line.
bool complete(std::string_view request) {
    if (is_redis(request)) {
        const int parts = number_at(request.substr(1));
        return parts > 0 && lines(request) == 1 + 2 * static_cast<std::size_t>(parts);
    }
    return request.ends_with("\r\n\r\n");
}

std::chrono::milliseconds asked_delay(std::string_view request) {
    if (!is_redis(request)) return std::chrono::milliseconds(number_at(request.substr(sizeof "GET /" - 1)));
    request.remove_suffix(2);
    return std::chrono::milliseconds(number_at(request.substr(request.rfind("\r\n") + 2)));
}

void serve(weft::net::TcpStream client) {
    std::string request;
    char part[1024];
    std::error_code gone;
    while (const std::size_t size = client.read_some(part, gone)) {
        request.append(part, size);
        if (!complete(request)) continue;
        if (const auto delay = asked_delay(request); delay.count() > 0) weft::sleep_for(delay);
        if (is_redis(request))
            client.write_all("+late\r\n", gone);
        else
            client.write_all("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate", gone);
        if (gone) return;
        request.clear();
    }
}

}  // namespace

int main() {
    std::signal(SIGPIPE, SIG_IGN);
    weft::os::raise_descriptor_limit();
    weft::run([] {
        weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0"), serve);
        std::printf("%d\n", server.endpoint().port());
        std::fflush(stdout);
        server.run();
    });
}
