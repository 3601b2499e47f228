// An open file handed from one end of a Unix-domain stream to the other.
#include <weft/weft.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

int main() {
    weft::run([] {
        auto [here, there] = weft::net::UnixStream::pair();

        const weft::UniqueFd file(::open("/proc/self/comm", O_RDONLY | O_CLOEXEC));
        const int fds[] = {file.get()};
        here.send_fds("a file", fds);

        char note[16];
        const weft::net::ReceivedFds received = there.receive_fds(note, 1);
        char text[64];
        const ssize_t size = ::read(received.fds.at(0).get(), text, sizeof text);
        std::printf("it came with: %.*s\n", static_cast<int>(received.size), note);
        std::printf("and says: %.*s", static_cast<int>(size), text);
    });
}
// expect: it came with: a file
// expect: and says: example_
