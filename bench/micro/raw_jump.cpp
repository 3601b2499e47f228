// The reference of every figure about switching: a bare jump_fcontext there and back. One item is one jump.
#include <benchmark/benchmark.h>

#include <boost/context/detail/fcontext.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

void partner(transfer_t transfer) {
    for (;;) {
        transfer = jump_fcontext(transfer.fctx, nullptr);
    }
}

void raw_jump(benchmark::State& state) {
    alignas(16) static std::array<std::byte, std::size_t{64} << 10> stack;
    transfer_t other{make_fcontext(stack.data() + stack.size(), stack.size(), partner), nullptr};
    for (auto _ : state) {
        other = jump_fcontext(other.fctx, nullptr);
    }
    state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(raw_jump);

}  // namespace
