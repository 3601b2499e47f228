// Wait records: whose they are, and what their reasons are called.
#include "core/wait.hpp"

#include "core/hub.hpp"

namespace weft::impl {

// In the order of WaitReason.
const char* const wait_reason_names[wait_reason_count] = {
    "sleep",
    "join",
    "readable",
    "writable",
    "mutex",
    "event",
    "future",
    "semaphore",
    "condition",
    "pool job",
    "all others to park",
    "any of several",
    "task group",
    "countdown",
    "barrier",
    "once",
    "room in a channel",
    "an item of a channel",
    "one of several cases",
};

const char* to_string(WaitReason reason) noexcept {
    return wait_reason_names[static_cast<std::size_t>(reason)];
}

}  // namespace weft::impl
