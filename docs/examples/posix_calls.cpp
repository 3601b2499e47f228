// expect: got 5 bytes
// expect: nothing within 10 ms: Connection timed out
// expect: closed: Bad file descriptor
#include <weft/posix/posix.hpp>
#include <weft/weft.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace std::chrono_literals;
namespace posix = weft::posix;

int main() {
    return weft::run([] {
        int ends[2];
        if (posix::pipe(ends) != 0) return 1;
        auto reader = weft::spawn([&] {
            char bytes[64];
            std::printf("got %zd bytes\n", posix::read(ends[0], bytes, sizeof bytes));
            weft::move_on_after(10ms, [&] {
                if (posix::read(ends[0], bytes, sizeof bytes) < 0)
                    std::printf("nothing within 10 ms: %s\n", std::strerror(errno));
            });
            if (posix::read(ends[0], bytes, sizeof bytes) < 0)
                std::printf("closed: %s\n", std::strerror(errno));
        });
        posix::write(ends[1], "hello", 5);
        posix::usleep(50'000);
        posix::close(ends[0]);  // wakes the reader
        reader.join();
        posix::close(ends[1]);
        return 0;
    });
}
