// example-link: weft::shim
// expect: 200 answers, together
// expect: failed: Connection timed out
// expect: failed: Operation canceled, and again: failed: Operation canceled
// expect: killed
// expect: a nap of the thread itself
#include <weft/shim/shim.hpp>
#include <weft/weft.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// As it stands in somebody's C library, which knows nothing of fibers.
std::string ask(int connection, const char* question) {
    char answer[64];
    if (send(connection, question, std::strlen(question), 0) < 0)
        return std::string("failed: ") + std::strerror(errno);
    const ssize_t size = recv(connection, answer, sizeof answer, 0);
    return size < 0 ? std::string("failed: ") + std::strerror(errno)
                    : std::string(answer, static_cast<std::size_t>(size));
}

// A server that takes its time, in plain C as well.
void serve(int connection) {
    char question[64];
    while (const ssize_t size = recv(connection, question, sizeof question, 0)) {
        if (size < 0) return;
        usleep(50'000);
        send(connection, "yes", 3, 0);
    }
}

void many_at_once() {
    std::vector<weft::Fiber<std::string>> askers;
    std::vector<int> sockets;
    const auto begun = weft::now();
    for (int i = 0; i < 200; ++i) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
        weft::spawn_detached(serve, ends[0]);
        askers.push_back(weft::spawn(ask, ends[1], "may I?"));
        sockets.push_back(ends[1]);
    }
    int answers = 0;
    for (auto& asker : askers) answers += asker.get() == "yes" ? 1 : 0;
    // One after the other they would take ten seconds.
    std::printf("%d answers, %s\n", answers, weft::now() - begun < 5s ? "together" : "one after the other");
    for (const int socket : sockets) close(socket);
}

void limits() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
    // A deadline around somebody else's code: the call that waits fails, and the library does what it does with errors.
    weft::move_on_after(20ms, [&] { std::printf("%s\n", ask(ends[0], "anybody there?").c_str()); });

    auto asker = weft::spawn([&] {
        const std::string first = ask(ends[0], "hello?");
        const std::string second = ask(ends[0], "hello?");
        std::printf("%s, and again: %s\n", first.c_str(), second.c_str());
        weft::sleep_for(1h);  // throws: the fiber has been killed
    });
    weft::sleep_for(20ms);
    asker.kill();
    asker.join();
    std::printf("%s\n", asker.successful() ? "not killed" : "killed");
    close(ends[0]);
    close(ends[1]);
}

int main() {
    return weft::run([] {
        many_at_once();
        limits();
        // Off for a while: then the call stops the whole thread, as without the shim.
        weft::shim::disable({weft::shim::Group::time});
        usleep(1000);
        weft::shim::enable({weft::shim::Group::time});
        std::puts("a nap of the thread itself");
        return 0;
    });
}
