// Groups and pools of fibers.
#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// Fibers that are waited for and ended together.
void group() {
    weft::Group group;
    weft::Future<int> answer = group.spawn([] { return 6 * 7; });
    group.spawn([] { weft::sleep_for(1h); });
    std::printf("the answer is %d, ", answer.get());
    std::printf("%zu still at work\n", group.size());
    group.kill();
    group.join();
}

// At most three at once: spawn() waits for a free place.
void bound() {
    weft::Pool pool(3);
    int inside = 0;
    int most = 0;
    for (int i = 0; i < 10; ++i) {
        pool.spawn([&] {
            most = std::max(most, ++inside);
            weft::sleep_for(1ms);
            --inside;
        });
    }
    pool.join();
    std::printf("%d at once\n", most);
}

std::string fetch(const std::string& name) {
    weft::sleep_for(name.size() * 1ms);
    if (name == "bad") throw std::runtime_error("no such page");
    return "<" + name + ">";
}

// A function for each element of a range.
void map() {
    weft::Pool pool(2);
    const std::vector<std::string> names{"long name", "name", "a"};
    for (const std::string& page : pool.map(names, fetch)) std::printf("%s ", page.c_str());
    // Results one by one as they come, at most two of them unread.
    for (const std::string& page : pool.imap_unordered(names, fetch, 2)) std::printf("%s ", page.c_str());
    std::puts("|");
}

// next() goes on behind an error; a loop would end with it.
void errors() {
    weft::Pool pool(2);
    auto pages = pool.imap(std::vector<std::string>{"bad", "good"}, fetch);
    for (bool more = true; more;) {
        try {
            const auto page = pages.next();
            more = page.has_value();
            if (more) std::printf("%s\n", page->c_str());
        } catch (const std::runtime_error& error) {
            std::printf("%s\n", error.what());
        }
    }
}

int main() {
    weft::run([] {
        group();
        bound();
        map();
        errors();
    });
}
// expect: the answer is 42, 1 still at work
// expect: 3 at once
// expect: <long name> <name> <a> <name> <a> <long name> |
// expect: no such page
// expect: <good>
