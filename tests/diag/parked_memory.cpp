// Built with the leak checker, against a libweft.so that is not: what only a parked fiber refers to is not lost. With an argument,
// something is.
#include <weft/weft.hpp>

#include <cstdlib>
#include <memory>
#include <utility>

namespace {

int* volatile lost;

}  // namespace

int main(int argc, char**) {
    static weft::Event never_set;
    auto keeper = weft::spawn([] {
        const auto memory = std::make_unique<int[]>(1000);
        never_set.wait();
    });
    weft::yield();
    if (argc > 1) {
        lost = new int[1000];
        lost = nullptr;
    }
    // The process ends while the fiber waits.
    static auto* const kept = new weft::Fiber<>(std::move(keeper));
    std::exit(kept->ready() ? 2 : 0);
}
