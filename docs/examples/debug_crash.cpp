// A fiber crashes while others wait.
// example: build-only
#include <weft/weft.hpp>

#include <cstdio>

namespace {

struct Account {
    int balance = 0;
};

[[gnu::noinline]] void charge(Account* account, int amount) { account->balance -= amount; }

[[gnu::noinline]] void serve(int customer) {
    Account* account = nullptr;  // nobody has looked it up
    charge(account, customer);
}

}  // namespace

int main() {
    weft::run([] {
        weft::Event closing;
        auto listener = weft::spawn(weft::SpawnOptions{.name = "listener"}, [&] { closing.wait(); });
        auto request = weft::spawn(weft::SpawnOptions{.name = "customer 42"}, [] { serve(42); });
        request.join();
        closing.set();
    });
}
