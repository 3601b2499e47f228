// Fibers that end together: none outlives the block that has started it, and none fails unnoticed.
#pragma once

#include <weft/base/error.hpp>
#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/scope/exception_group.hpp>
#include <weft/scope/group_member.hpp>
#include <weft/scope/started.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace weft {

/// When a group is at its end.
enum class GroupEnd {
    all,  ///< once its block and all members have ended
    any,  ///< once one member has returned; the others are cancelled then
};

struct TaskGroupOptions {
    Deadline deadline = never;  ///< cancels the group
    GroupEnd until = GroupEnd::all;
};

/// A block of code together with the fibers that are started in it, its members. run() returns when the block
/// and all members have ended.
///
/// The first failure, in the block or in a member, cancels the others; when all have ended run() throws every
/// failure in one ExceptionGroup. Cancelled and FiberExit are no failures. cancel() and the deadline cancel
/// the members and the waits of the block, and then run() returns false. The cancellation of an outer scope
/// or of the fiber reaches all of them too, and passes through once they have ended.
class WEFT_API TaskGroup {
public:
    /// Errors:  std::bad_alloc.
    explicit TaskGroup(const TaskGroupOptions& options = {});
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup() = default;

    /// Calls block(*this), or block(), and waits for the members. Once for each group.
    ///
    /// Returns:   false if the group has been cancelled by cancel() or by its deadline.
    /// Suspends:  until the block and all members have ended; shielded once they are cancelled.
    /// Cancel:    all members are cancelled, and have ended when it leaves.
    /// Errors:    ExceptionGroup.
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F>
    bool run(F&& block) {
        begin();
        try {
            if constexpr (std::is_invocable_v<F, TaskGroup&>) {
                std::invoke(std::forward<F>(block), *this);
            } else {
                std::invoke(std::forward<F>(block));
            }
        } catch (...) {
            block_failed();
        }
        return end();
    }

    /// Starts a member: a fiber that calls fn(args...), as weft::spawn() does. A value that it returns is
    /// dropped. In a group that is cancelled it runs up to its first wait.
    ///
    /// Errors:    std::logic_error if the group is not running (yet, or any more); as weft::spawn().
    /// Threads:   fibers of the group's hub; the member may run on another.
    /// Since:     0.1
    template <class F, class... Args>
    void spawn(const SpawnOptions& options, F&& fn, Args&&... args) {
        add(options, false, std::forward<F>(fn), std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) void spawn(F&& fn, Args&&... args) {
        add(SpawnOptions{}, false, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// As spawn(), for a member that serves the others: it is cancelled once they and the block have ended.
    template <class F, class... Args>
    void spawn_daemon(F&& fn, Args&&... args) {
        add(SpawnOptions{}, true, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// Starts a member and waits until it says that it is ready: calls fn(started, args...), where `started`
    /// is a Started<T>&, and returns what the member gives to started(value).
    ///
    /// Suspends:  until the member has called started(), or has ended.
    /// Cancel:    the member is cancelled, and has ended.
    /// Errors:    what the member throws before it is ready, which is no failure of the group then;
    ///            std::logic_error if it ends without calling started(), and as spawn().
    /// Threads:   fibers of the group's hub.
    /// Since:     0.1
    template <class T = void, class F, class... Args>
    T start(F&& fn, Args&&... args) {
        auto gate = std::make_shared<impl::StartGate<T>>();
        add(
            SpawnOptions{}, false,
            [gate](auto call, auto... values) {
                Started<T> started(gate);
                gate->run([&] { std::invoke(std::move(call), started, std::move(values)...); });
            },
            std::forward<F>(fn), std::forward<Args>(args)...);
        gate->wait();
        return gate->take();
    }

    /// Cancels the members and the block; run() returns false, once all have ended. Returns at once. Any
    /// fiber or thread.
    void cancel(const char* reason = "task group cancelled") noexcept;
    /// Whether the group is cancelled, by whatever.
    [[nodiscard]] bool cancelled() const noexcept;

    /// The limit as it is now, and another one: as those of CancelScope. On the group's hub.
    [[nodiscard]] Deadline deadline() const noexcept;
    void set_deadline(Deadline deadline);

    /// Says stop when the group is to stop.
    [[nodiscard]] std::stop_token stop_token() const noexcept;

    /// The members that have not ended. On the group's hub.
    [[nodiscard]] std::size_t size() const noexcept;

private:
    template <class F, class... Args>
    void add(const SpawnOptions& options, bool daemon, F&& fn, Args&&... args) {
        using Made = impl::TaskMember<impl::SpawnResult<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>;
        const impl::NewFiber fresh = impl::make_member(*state_, options, sizeof(Made), alignof(Made));
        Made* member = nullptr;
        try {
            member = ::new (fresh.closure) Made(std::forward<F>(fn), std::forward<Args>(args)...);
        } catch (...) {
            impl::unmake_fiber(fresh.block);
            throw;
        }
        impl::start_member(*state_, fresh.block, *member, options, daemon);
    }

    void begin();
    void block_failed() noexcept;
    bool end();

    std::unique_ptr<impl::GroupState, impl::GroupStateDelete> state_;
};

/// Runs block(group) in a TaskGroup.
///
/// Returns:   false if the group has been cancelled by cancel() or by its deadline.
/// Suspends:  as TaskGroup::run().
/// Cancel:    all members are cancelled, and have ended when it leaves.
/// Errors:    ExceptionGroup.
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class F>
bool task_group(const TaskGroupOptions& options, F&& block) {
    TaskGroup group(options);
    return group.run(std::forward<F>(block));
}
template <class F>
bool task_group(F&& block) {
    return task_group(TaskGroupOptions{}, std::forward<F>(block));
}

}  // namespace weft
