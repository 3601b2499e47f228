// What a fiber in a task group carries. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/closure.hpp>
#include <weft/core/fiber.hpp>

#include <cstddef>
#include <utility>

namespace weft::impl {

class GroupState;
struct GroupStateDelete {
    WEFT_API void operator()(GroupState* state) const noexcept;
};

/// A member as its group knows it: a closure around the closure of its function, on the fiber's stack. The group learns of
/// its end by the destruction of the closure, the last that happens to a fiber.
struct WEFT_API TaskMemberBase : ClosureBase {
    explicit TaskMemberBase(ClosureBase& of) noexcept;

    ClosureBase& inner;
    GroupState* group = nullptr;
    FiberBlock* fiber = nullptr;
    TaskMemberBase* prev = nullptr;
    TaskMemberBase* next = nullptr;
    bool elsewhere = false;  ///< on another hub than the group
    bool daemon = false;
};

template <class R, class F, class... Args>
struct TaskMember final : TaskMemberBase {
    template <class G, class... As>
    explicit TaskMember(G&& fn, As&&... args)
        : TaskMemberBase(call_), call_(std::forward<G>(fn), std::forward<As>(args)...) {}

private:
    Closure<R, F, Args...> call_;
};

/// As make_fiber() and start_fiber(), for a group that is running.
[[nodiscard]] WEFT_API NewFiber make_member(GroupState& group, const SpawnOptions& options, std::size_t bytes,
                                            std::size_t alignment);
WEFT_API void start_member(GroupState& group, FiberBlock* fiber, TaskMemberBase& member,
                           const SpawnOptions& options, bool daemon);

}  // namespace weft::impl
