// Who waits for whom, and the circles in it: what none of the fibers can ever get out of by itself.
#pragma once

#include "core/fiber_block.hpp"

#include <span>
#include <string>

namespace weft::impl {

class Hub;

/// The fiber that has what this one waits for, where that is known; else null. Main fibers are found among those of `hubs`.
const FiberBlock* holder_of(const WaitRecord& wait, std::span<Hub* const> hubs) noexcept;

/// One fiber that waits for another one.
struct Dependence {
    const void* waiter;
    const void* holder;
    std::string text;  ///< `fiber 3 "a" waits: mutex 0x7ffd…, held by fiber 4 "b"`
};

/// A paragraph for each circle; nothing if there is none. Each waits for one other at most.
void append_circles(std::string& text, std::span<const Dependence> all);

}  // namespace weft::impl
