// A fiber that recurses too deep for its stack.
// expect: weft: stack overflow in fiber "parser"
// expect: its stack has 64 KiB
// expect-exit: -11
// example-env: ASAN_OPTIONS=handle_segv=0
// example-env: TSAN_OPTIONS=handle_segv=0
#include <weft/weft.hpp>

#include <cstdio>
#include <cstring>

namespace {

// A parenthesis inside a parenthesis inside …
int parse(const char* text) {
    char scratch[512];
    std::strncpy(scratch, text, sizeof scratch - 1);
    scratch[sizeof scratch - 1] = '\0';
    return *text == '(' ? parse(text + 1) + static_cast<int>(std::strlen(scratch)) : 0;
}

}  // namespace

int main() {
    weft::run([] {
        const std::string input(10'000, '(');
        auto parser = weft::spawn(weft::SpawnOptions{.name = "parser", .stack_size = 64 * 1024},
                                  [&] { return parse(input.c_str()); });
        std::printf("%d\n", parser.get());
    });
}
