// The box behind FiberRef: how a weak reference, or another thread, reaches a fiber that may be gone.
#pragma once

#include "base/spinlock.hpp"
#include "core/fiber_block.hpp"
#include "core/links.hpp"

#include <weft/core/fiber_ref.hpp>

#include <atomic>
#include <string>

namespace weft::impl {

struct RefBox {
    static FiberRef wrap(RefBox* box) noexcept { return FiberRef(box); }

    std::atomic<std::uint32_t> references{1};
    SpinLock lock;
    FiberBlock* fiber = nullptr;  ///< null once it has finished; guarded by `lock`
    std::uint64_t id = 0;
    std::string name;
    LinkList links;  ///< guarded by `lock`
};

/// A new reference to the box of `fiber`, which has not been disposed of. Made at the first call, be it after the fiber's end.
RefBox* box_of(FiberBlock& fiber);
void release_box(RefBox* box) noexcept;

/// The fiber has finished: its references find nothing any more, and its links are told. By the first of the fiber's end
/// and dispose(); for the other one it has happened.
void unbind_box(FiberBlock& fiber) noexcept;
/// The fiber is disposed of. Until then its box stays, so that links that are added after its end wait for each other too.
void drop_box(FiberBlock& fiber) noexcept;

/// Whether a shield, or the unwinding of an exception, keeps cancel and kill from the fiber's present wait.
bool interrupts_are_shielded(const FiberBlock& fiber) noexcept;

}  // namespace weft::impl
