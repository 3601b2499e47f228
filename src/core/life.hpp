// The life of a fiber as its hub sees it: from its first switch to the return of its stack.
#pragma once

#include "core/fiber_block.hpp"

namespace weft::impl {

class Hub;

/// Marks a fiber for cancellation or death and wakes it. Only on its hub's thread, before it has finished.
void cancel_here(FiberBlock& fiber, Hub& hub) noexcept;
void kill_here(FiberBlock& fiber, Hub& hub, std::exception_ptr error) noexcept;

/// Queues it if it is lazy and has not been started.
void start_here(FiberBlock& fiber, Hub& hub) noexcept;

/// As above from any thread, while the fiber has a handle or its box is locked. No effect on a finished
/// fiber.
void cancel_anywhere(FiberBlock& fiber);
void kill_anywhere(FiberBlock& fiber, std::exception_ptr error);
void start_anywhere(FiberBlock& fiber);

/// Nobody refers to the fiber any more and it has finished: ends its result, and gives back its stack. Any
/// thread.
void dispose(FiberBlock& fiber) noexcept;

/// The end of a fiber: an Awaitable, for the calling fiber or thread only.
class FiberEnd {
public:
    explicit FiberEnd(FiberBlock& whose) noexcept;

    bool ready() const noexcept;
    bool enlist(WaitNode& node) noexcept {
        if (!local_) [[unlikely]] {
            return enlist_from_elsewhere(node);
        }
        const bool running = !fiber_.finished();
        if (running) {
            fiber_.local_joiners.push(node);
        } else {
            static_cast<void>(node.record->take(node.tag));
        }
        return running;
    }
    bool delist(WaitNode& node) noexcept;

private:
    bool enlist_from_elsewhere(WaitNode& node) noexcept;

    FiberBlock& fiber_;
    bool local_;  ///< both run on one hub: no lock is needed
};

/// Waits until `fiber` has finished.
void join_fiber(FiberBlock& fiber, Deadline& deadline);
void join_fiber_shielded(FiberBlock& fiber) noexcept;

}  // namespace weft::impl
