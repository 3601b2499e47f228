// A fiber that only computes keeps the others waiting, unless it yields.
#include <weft/weft.hpp>

#include <cstdio>

void count(const char* name) {
    for (int i = 1; i <= 2; ++i) {
        std::printf("%s %d\n", name, i);
        weft::yield();
    }
}

int main() {
    weft::run([] {
        auto a = weft::spawn(count, "a");
        auto b = weft::spawn(count, "b");
        a.join();
        b.join();
    });
}
// expect: a 1
// expect: b 1
// expect: a 2
// expect: b 2
