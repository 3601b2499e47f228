// Fibers: started, waited for, asked for their result.
#include <weft/weft.hpp>

#include <cstdio>

int square(int number) { return number * number; }

int main() {
    weft::run([] {
        weft::Fiber<> greeter = weft::spawn([] { std::puts("hello from a fiber"); });
        std::puts("hello from the main fiber");
        greeter.join();

        weft::Fiber<int> answer = weft::spawn(square, 7);
        std::printf("seven times seven is %d\n", answer.get());
    });
}
// expect: hello from the main fiber
// expect: hello from a fiber
// expect: seven times seven is 49
