// The port through which a layer above follows the lives of hubs and fibers.
#pragma once

#include <atomic>

namespace weft::impl {

struct FiberBlock;
class Hub;

/// Called on the hub's own thread. None of it may wait.
class Observer {
public:
    constexpr Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    /// The hub is about to be made. What this throws, its maker gets.
    virtual void hub_begins() = 0;
    /// What is left of the hub's fibers is about to be cancelled.
    virtual void hub_ends(Hub& hub) noexcept = 0;

    /// A fiber has been made, and has not run yet; only while fibers_observed.
    virtual void fiber_begins(FiberBlock& fiber) noexcept = 0;
    /// A fiber's function has ended, on its stack; only while fibers_observed.
    virtual void fiber_ends(FiberBlock& fiber) noexcept = 0;

protected:
    ~Observer() = default;
};

/// `diag` sets it before main.
extern constinit Observer* const observer;

/// Whether the observer wants to hear of each fiber.
extern constinit std::atomic<bool> fibers_observed;

}  // namespace weft::impl
