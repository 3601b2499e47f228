// Who waits for whom, and the circles in it.
#include "core/wait_circle.hpp"

#include "core/hub.hpp"

#include <unordered_map>
#include <vector>

namespace weft::impl {

const FiberBlock* holder_of(const WaitRecord& wait, std::span<Hub* const> hubs) noexcept {
    const void* holder = wait.reason == WaitReason::join ? wait.object : nullptr;
    if (wait.holder != nullptr) {
        holder = wait.holder->load(std::memory_order_relaxed);
    }
    if (stack_containing(holder).slot != nullptr) {
        return static_cast<const FiberBlock*>(holder);  // that is where the blocks of fibers lie
    }
    for (Hub* hub : hubs) {
        if (holder == hub->thread_marker) {
            return &hub->main_fiber();
        }
    }
    return nullptr;
}

void append_circles(std::string& text, std::span<const Dependence> all) {
    std::unordered_map<const void*, std::size_t> places;
    for (std::size_t i = 0; i < all.size(); ++i) {
        places.emplace(all[i].waiter, i);
    }
    // Every walk ends at somebody who does not wait, where another walk has been, or in a circle.
    std::vector<std::size_t> walks(all.size(), 0);
    for (std::size_t start = 0; start < all.size(); ++start) {
        auto at = places.find(all[start].waiter);
        while (at != places.end() && walks[at->second] == 0) {
            walks[at->second] = start + 1;
            at = places.find(all[at->second].holder);
        }
        if (at == places.end() || walks[at->second] != start + 1) {
            continue;
        }
        text += "  a circle, in which each waits for the next one:\n";
        const std::size_t first = at->second;
        do {
            text += "    " + all[at->second].text + '\n';
            at = places.find(all[at->second].holder);
        } while (at->second != first);
    }
}

}  // namespace weft::impl
