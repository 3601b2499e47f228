// What a task group knows of its members, of what has failed, and of who waits for its end.
#pragma once

#include "core/hub.hpp"
#include "scope/cancel_core.hpp"
#include "scope/one_waiter.hpp"

#include <weft/scope/group_member.hpp>
#include <weft/scope/task_group.hpp>

#include <cstddef>
#include <exception>
#include <vector>

namespace weft::impl {

/// The members of a group on one side: those on its own hub, which only that hub's thread touches, or all others.
struct TaskList {
    void push(TaskMemberBase& member) noexcept;
    void remove(TaskMemberBase& member) noexcept;
    /// Forgets, in the child of a fork, those that are in the parent.
    void remove_left_behind() noexcept;
    /// The number that run() waits for before it ends the daemons.
    std::size_t awaited() const noexcept { return size - daemons; }

    TaskMemberBase* head = nullptr;
    TaskMemberBase* tail = nullptr;
    std::size_t size = 0;
    std::size_t daemons = 0;
};

class GroupState final : public CancelCore {
public:
    explicit GroupState(const TaskGroupOptions& options)
        : CancelCore(options.deadline), until_(options.until) {}

    // In the group's fiber.
    void begin();
    void block_failed() noexcept;
    bool end();

    // On the group's hub.
    void check_running() const;
    void add(TaskMemberBase& member) noexcept;
    void started_one() noexcept;
    std::size_t size() noexcept;
    void stopping() noexcept override;

    // In a member.
    void returned(const TaskMemberBase& member) noexcept;
    void failed(std::exception_ptr error) noexcept;
    void left(TaskMemberBase& member) noexcept;

private:
    enum class Phase { fresh, running, ended };

    void keep(std::exception_ptr error) noexcept;
    void cancel_members() noexcept;
    bool over(bool with_daemons) const noexcept;
    /// False once nothing is left to wait for.
    bool enlist(OneWaiter::Record& record, bool with_daemons) noexcept;
    void wait_for_awaited();
    void wait_shielded(bool with_daemons) noexcept;
    void wake_owner() noexcept;

    const GroupEnd until_;
    Phase phase_ = Phase::fresh;
    bool stopping_ = false;
    bool enough_ = false;  ///< GroupEnd::any: one has returned; guarded by owner_.lock
    TaskList here_;
    TaskList elsewhere_;  ///< guarded by owner_.lock
    OneWaiter owner_;
    std::vector<std::exception_ptr> failures_;  ///< guarded by owner_.lock
    std::exception_ptr passing_;  ///< what has ended the block and is no failure: it goes on from run()
    bool passing_is_level_ = false;
};

}  // namespace weft::impl
