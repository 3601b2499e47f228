// A program whose fibers call libc: linked with the shim or run under weft-run, the one that reads lets the other one write.
#include <cstdio>

#include <unistd.h>

#include <weft/weft.hpp>

int main() {
    int ends[2];
    if (pipe(ends) != 0) {
        return 1;
    }
    return weft::run([&] {
        auto reader = weft::spawn([&] {
            char byte = 0;
            return read(ends[0], &byte, 1) == 1 && byte == 'w';
        });
        auto writer = weft::spawn([&] {
            usleep(1000);
            return write(ends[1], "w", 1) == 1;
        });
        return reader.get() && writer.get() ? 0 : 1;
    });
}
