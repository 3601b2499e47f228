// Taking samples of hubs from any thread: each hub takes its own when it comes by, and one that is blocked is interrupted.
#pragma once

#include "diag/sample.hpp"

#include <memory>
#include <vector>

namespace weft::impl {

using SamplePtr = std::shared_ptr<const HubSample>;

struct Samples {
    std::vector<SamplePtr> hubs;
    std::size_t missing = 0;  ///< hubs that cannot be reached at all
};

/// A sample of every hub of the process, the calling thread's first. Waits some tenths of a second for hubs that do not answer.
/// Throws std::system_error where there is no memory.
Samples sample_all_hubs(std::size_t frames);

/// Room for a sample of all of the hub's fibers.
SampleSize size_for(const Hub& hub, std::size_t frames) noexcept;

/// Interrupts the hub's thread and takes a sample of what runs there; null if it does not answer. Under the registry's lock, after
/// claim_signal().
SamplePtr interrupt_hub(Hub& hub, std::size_t frames);

/// Claims the signal for that, once: SIGURG. A handler that was there before is called for those that are none of ours.
void claim_signal();

/// The calling thread gets a hub: where the library has made the thread, and blocked the program's signals there, that one is let
/// through.
void admit_signal() noexcept;

}  // namespace weft::impl
