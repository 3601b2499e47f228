// TaskGroup, and how its members tell it what becomes of them.
#include <weft/scope/task_group.hpp>

#include "scope/group_state.hpp"

#include <weft/base/error.hpp>

namespace weft {

namespace impl {

namespace {

void run_member(ClosureBase& base) {
    auto& member = static_cast<TaskMemberBase&>(base);
    try {
        member.inner.invoke(member.inner);
        member.group->returned(member);
    } catch (const Cancelled&) {  // no failure: somebody has asked for it
    } catch (const FiberExit&) {
    } catch (...) {
        member.group->failed(std::current_exception());
    }
}

void drop_member(ClosureBase& base) noexcept {
    auto& member = static_cast<TaskMemberBase&>(base);
    member.inner.drop(member.inner);
}

void end_member(ClosureBase& base) noexcept {
    auto& member = static_cast<TaskMemberBase&>(base);
    member.inner.destroy(member.inner);
    member.group->left(member);
}

}  // namespace

TaskMemberBase::TaskMemberBase(ClosureBase& of) noexcept : inner(of) {
    invoke = &run_member;
    drop = &drop_member;
    destroy = &end_member;
}

void GroupStateDelete::operator()(GroupState* state) const noexcept { delete state; }

NewFiber make_member(GroupState& group, const SpawnOptions& options, std::size_t bytes,
                     std::size_t alignment) {
    group.check_running();
    return make_fiber(options, bytes, alignment);
}

void start_member(GroupState& group, FiberBlock* fiber, TaskMemberBase& member, const SpawnOptions& options,
                  bool daemon) {
    member.group = &group;
    member.fiber = fiber;
    member.elsewhere = fiber->hub.load(std::memory_order_relaxed) == nullptr;  // not known until it is there
    member.daemon = daemon;
    group.add(member);
    start_fiber(fiber, &member, options, true);
    group.started_one();
}

}  // namespace impl

TaskGroup::TaskGroup(const TaskGroupOptions& options) : state_(new impl::GroupState(options)) {}

void TaskGroup::begin() { state_->begin(); }

void TaskGroup::block_failed() noexcept { state_->block_failed(); }

bool TaskGroup::end() { return state_->end(); }

void TaskGroup::cancel(const char* reason) noexcept { state_->cancel(reason); }

bool TaskGroup::cancelled() const noexcept { return state_->cancelled(); }

Deadline TaskGroup::deadline() const noexcept { return state_->deadline(); }

void TaskGroup::set_deadline(Deadline deadline) { state_->set_deadline(deadline); }

std::stop_token TaskGroup::stop_token() const noexcept { return state_->token(); }

std::size_t TaskGroup::size() const noexcept { return state_->size(); }

}  // namespace weft
