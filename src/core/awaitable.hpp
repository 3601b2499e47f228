// What can be waited for, alone or together with others: the concept, and the record of a wait in one queue.
#pragma once

#include "core/hub.hpp"
#include "core/wait.hpp"

#include <weft/core/waitable.hpp>

#include <concepts>

namespace weft::impl {

/// An object that one fiber can wait for in several queues at once.
///
///  - `ready()`: whether a wait that began now would end at once. A hint: others may be faster.
///  - `enlist(node)`: queues the node and returns true; or, where there is nothing to wait for, takes for the
///    record what the object gives and returns false. A record of a set is decided in favour of the node
///    first, and gets nothing if it was decided already.
///  - `delist(node)`: takes the node out; false if somebody has done so, who then wakes the record if he has
///  won it.
template <class T>
concept Awaitable = requires(T& object, const T& seen, WaitNode& node) {
    { seen.ready() }
    noexcept->std::same_as<bool>;
    { object.enlist(node) }
    noexcept->std::same_as<bool>;
    { object.delist(node) }
    noexcept->std::same_as<bool>;
};

struct WaitableAccess {
    static Waitable make(void* object, const WaitableOps& ops) noexcept { return {object, ops}; }
    static bool enlist(const Waitable& at, WaitNode& node) noexcept {
        return at.ops_->enlist(at.object_, node);
    }
    static bool delist(const Waitable& at, WaitNode& node) noexcept {
        return at.ops_->delist(at.object_, node);
    }
};

/// What the public waitable() of an Awaitable returns.
template <Awaitable T>
Waitable make_waitable(T& object) noexcept {
    static constexpr WaitableOps ops{
        [](void* of, WaitNode& at) noexcept { return static_cast<T*>(of)->enlist(at); },
        [](void* of, WaitNode& at) noexcept { return static_cast<T*>(of)->delist(at); }};
    return WaitableAccess::make(&object, ops);
}

/// One wait in one queue, which stands by its delist().
template <class Queue>
struct QueueRecord : WaitRecord {
    QueueRecord(WaitReason why, const void* what, Queue& where) noexcept
        : WaitRecord(why, what, &abort_queued), queue(where) {
        node.record = this;
    }
    static bool abort_queued(WaitRecord& record) noexcept {
        auto& self = static_cast<QueueRecord&>(record);
        return self.queue.delist(self.node);
    }
    Queue& queue;
    WaitNode node;
};

}  // namespace weft::impl
