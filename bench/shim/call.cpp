// What the shim adds to a call that need not wait: recv of a byte that is there and stays there, in a fiber, by libc's own function
// and through the shim, in turns.
#include <weft/shim/shim.hpp>
#include <weft/weft.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

using Recv = ssize_t(int, void*, std::size_t, int);

constexpr int rounds = 4000;
constexpr int calls = 500;

double ns_per_call(Recv* receive, int socket) {
    char byte = 0;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        receive(socket, &byte, 1, MSG_PEEK);
    }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begun).count() / calls;
}

void print(const char* name, std::vector<double>& times) {
    std::sort(times.begin(), times.end());
    std::printf("%-22s least %7.1f   quarter %7.1f   median %7.1f ns\n", name, times.front(),
                times[times.size() / 4], times[times.size() / 2]);
}

int measure() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0 || send(ends[0], "x", 1, 0) != 1) {
        std::perror("socketpair");
        return 1;
    }
    auto* const plain = reinterpret_cast<Recv*>(weft::shim::original("recv"));
    std::vector<double> without;
    std::vector<double> with;
    std::vector<double> difference;
    for (int round = 0; round < rounds; ++round) {
        without.push_back(ns_per_call(plain, ends[1]));
        with.push_back(ns_per_call(&::recv, ends[1]));
        difference.push_back(with.back() - without.back());
    }
    print("recv of libc", without);
    print("recv through the shim", with);
    print("difference in a round", difference);
    std::printf("the shim adds %.1f ns (the least with it against the least without)\n",
                with.front() - without.front());
    close(ends[0]);
    close(ends[1]);
    return 0;
}

}  // namespace

int main() {
    return weft::run([] { return weft::spawn(measure).get(); });
}
