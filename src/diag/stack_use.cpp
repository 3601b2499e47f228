// How much of their stacks fibers use, by the place where they were spawned.
#include <weft/diag/stacks.hpp>

#include "core/observer.hpp"
#include "diag/ended_stacks.hpp"
#include "diag/stack_memory.hpp"
#include "diag/symbols.hpp"
#include "diag/visit.hpp"

#include <algorithm>
#include <cstdio>

namespace weft::diag {

namespace {

constexpr std::size_t reserve = 2;  // a recommended stack has this many times the deepest use

std::size_t recommended_size(std::size_t deepest) noexcept {
    return impl::stack_class_size(impl::stack_class_of(deepest * reserve));
}

}  // namespace

void fill_stacks() { impl::fibers_observed.store(true, std::memory_order_relaxed); }

std::vector<StackUse> stack_use() {
    std::map<const void*, impl::StackDepth> by_site = impl::ended_stacks();
    const impl::Samples samples = impl::sample_all_hubs(0);
    for (const auto& hub : samples.hubs) {
        for (const impl::FiberSample* fiber = hub->first(); fiber != hub->end(); fiber = fiber->next()) {
            if (fiber->stack_limit == nullptr) {
                continue;
            }
            const std::size_t deepest = fiber->stack_deepest != 0
                                            ? fiber->stack_deepest
                                            : impl::touched_bytes(fiber->stack_limit, fiber->stack_size);
            by_site[fiber->spawned_at].add(fiber->name, fiber->stack_size, deepest);
        }
    }
    impl::Symbols symbols;
    std::vector<StackUse> all;
    for (const auto& [site, depth] : by_site) {
        all.push_back({.spawned_at = site != nullptr ? symbols.at(site).text : "?",
                       .name = depth.name,
                       .fibers = depth.fibers,
                       .stack_size = depth.stack_size,
                       .deepest = depth.deepest,
                       .recommended = recommended_size(depth.deepest)});
    }
    std::sort(all.begin(), all.end(),
              [](const StackUse& a, const StackUse& b) { return a.deepest > b.deepest; });
    return all;
}

std::string stack_report() {
    std::string text = "  deepest    of  better  fibers  spawned at\n";
    for (const StackUse& use : stack_use()) {
        char line[64];
        std::snprintf(line, sizeof line, "%8.1fK %4zuK %6zuK %7llu  ",
                      static_cast<double>(use.deepest) / 1024, (use.stack_size + 1023) / 1024,
                      use.recommended / 1024, static_cast<unsigned long long>(use.fibers));
        text += line + use.spawned_at + (use.name.empty() ? "" : " \"" + use.name + '"') + '\n';
    }
    return text;
}

}  // namespace weft::diag
