// What do fibers need of their stacks?
// example-env: WEFT_STACK_FILL=1
// expect: 2
// expect: deepest    of  better  fibers  spawned at
// expect: "deep"
// expect: "shallow"
#include <weft/weft.hpp>

#include <cstdio>
#include <cstring>

namespace {

[[gnu::noinline]] int work_in(char* room, std::size_t size, int value) {
    std::memset(room, value, size);
    return room[size / 2];
}

}  // namespace

int main() {
    weft::run([] {
        auto deep = weft::spawn(weft::SpawnOptions{.name = "deep"}, [] {
            char room[50'000];
            return work_in(room, sizeof room, 1);
        });
        auto shallow = weft::spawn(weft::SpawnOptions{.name = "shallow"}, [] {
            char room[500];
            return work_in(room, sizeof room, 1);
        });
        std::printf("%d\n", deep.get() + shallow.get());
        std::fputs(weft::diag::stack_report().c_str(), stdout);
    });
}
