// Handles: what Fiber<T> does whatever T is.
#include <weft/core/fiber.hpp>

#include "base/error.hpp"
#include "core/awaitable.hpp"
#include "core/fiber_ref.hpp"
#include "core/fork.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/life.hpp"
#include "core/park.hpp"

#include <sched.h>

namespace weft::impl {

namespace {

FiberBlock& checked(FiberBlock* block, const char* operation) {
    if (block == nullptr) {
        fatal("%s on a fiber handle that is empty, moved from or detached", operation);
    }
    return *block;
}

// A FiberEnd is made for each call: it knows who calls.
constexpr WaitableOps end_of_fiber{[](void* fiber, WaitNode& node) noexcept {
                                       return FiberEnd(*static_cast<FiberBlock*>(fiber)).enlist(node);
                                   },
                                   [](void* fiber, WaitNode& node) noexcept {
                                       return FiberEnd(*static_cast<FiberBlock*>(fiber)).delist(node);
                                   }};

/// The second of the fiber's end and the handle's gives the stack back.
void release(FiberBlock& fiber) noexcept {
    if (fiber.finished() ||
        (fiber.state.fetch_or(state_released, std::memory_order_acq_rel) & state_finished) != 0) {
        dispose(fiber);
    }
}

}  // namespace

FiberHandle& FiberHandle::operator=(FiberHandle&& other) noexcept {
    if (this != &other) {
        close();
        block_ = std::exchange(other.block_, nullptr);
    }
    return *this;
}

void FiberHandle::close() noexcept {
    if (block_ == nullptr) {
        return;
    }
    FiberBlock& fiber = *std::exchange(block_, nullptr);
    if (!fiber.finished() && !end_if_left_behind(fiber)) {
        cancel_anywhere(fiber);
        join_fiber_shielded(fiber);
    }
    release(fiber);
}

void FiberHandle::join(Deadline deadline) const { join_fiber(checked(block_, "join"), deadline); }

bool FiberHandle::ready() const noexcept {
    FiberBlock& fiber = checked(block_, "ready");
    return fiber.finished() || end_if_left_behind(fiber);
}

void FiberHandle::start() const { start_anywhere(checked(block_, "start")); }

bool FiberHandle::successful() const noexcept {
    const FiberBlock& fiber = checked(block_, "successful");
    return fiber.finished() && fiber.error == nullptr;
}

std::exception_ptr FiberHandle::exception() const {
    FiberBlock& fiber = checked(block_, "exception");
    if (!fiber.finished()) {
        fatal("exception() of fiber %llu \"%s\", which has not finished: join() it first",
              static_cast<unsigned long long>(fiber.id), fiber.name.c_str());
    }
    fiber.collected.store(true, std::memory_order_relaxed);
    return fiber.error;
}

void FiberHandle::cancel() const { cancel_anywhere(checked(block_, "cancel")); }

void FiberHandle::kill(std::exception_ptr error) const {
    kill_anywhere(checked(block_, "kill"), std::move(error));
}

void FiberHandle::cancel_and_join(Deadline deadline) const {
    cancel();
    join(deadline);
}

void FiberHandle::kill_and_join(std::exception_ptr error, Deadline deadline) const {
    kill(std::move(error));
    join(deadline);
}

LinkToken FiberHandle::link(Link fn) const { return ref().link(std::move(fn)); }

LinkToken FiberHandle::link_value(Link fn) const { return ref().link_value(std::move(fn)); }

LinkToken FiberHandle::link_exception(Link fn) const {
    const LinkToken token = ref().link_exception(std::move(fn));
    if (block_->finished()) {
        block_->collected.store(true, std::memory_order_relaxed);
    }
    return token;
}

bool FiberHandle::unlink(LinkToken token) const { return ref().unlink(token); }

void FiberHandle::detach() noexcept {
    FiberBlock& fiber = checked(std::exchange(block_, nullptr), "detach");
    start_anywhere(fiber);
    release(fiber);
}

Waitable FiberHandle::waitable() const {
    FiberBlock& fiber = checked(block_, "a wait for several");
    start_anywhere(fiber);
    return WaitableAccess::make(&fiber, end_of_fiber);
}

FiberRef FiberHandle::ref() const { return RefBox::wrap(box_of(checked(block_, "ref"))); }

std::uint64_t FiberHandle::id() const noexcept { return checked(block_, "id").id; }

std::string_view FiberHandle::name() const noexcept { return checked(block_, "name").name; }

ClosureBase& FiberHandle::collect(Deadline deadline) const {
    FiberBlock& fiber = checked(block_, "get");
    join_fiber(fiber, deadline);
    if (fiber.error != nullptr) {
        fiber.collected.store(true, std::memory_order_relaxed);
        std::rethrow_exception(fiber.error);
    }
    return *fiber.closure;
}

}  // namespace weft::impl

namespace weft {

HubRef this_hub() { return impl::HubAccess::ref(impl::Hub::ensure()); }

namespace {

[[gnu::noinline]] void yield_with_care(impl::Hub* hub) {
    if (hub == nullptr) {
        sched_yield();
    } else if (!hub->in_loop()) {
        if (impl::interrupted()) {
            impl::throw_interrupt();
        }
        hub->yield();
    }
}

}  // namespace

void yield() {
    impl::Hub* hub = impl::Hub::current();
    if (hub == nullptr || hub->running().attention != 0) [[unlikely]] {
        yield_with_care(hub);
    } else {
        hub->yield();
    }
}

}  // namespace weft
