// The life of a task group: its block, its members, its end.
#include "scope/group_state.hpp"

#include "base/assert.hpp"
#include "core/fork.hpp"
#include "core/life.hpp"

#include <weft/base/error.hpp>
#include <weft/scope/exception_group.hpp>
#include <weft/scope/timeout.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace weft::impl {

void TaskList::push(TaskMemberBase& member) noexcept {
    member.prev = tail;
    (tail != nullptr ? tail->next : head) = &member;
    tail = &member;
    ++size;
    daemons += member.daemon ? 1 : 0;
}

void TaskList::remove(TaskMemberBase& member) noexcept {
    (member.prev != nullptr ? member.prev->next : head) = member.next;
    (member.next != nullptr ? member.next->prev : tail) = member.prev;
    --size;
    daemons -= member.daemon ? 1 : 0;
}

void TaskList::remove_left_behind() noexcept {
    TaskMemberBase* next = nullptr;
    for (TaskMemberBase* member = head; member != nullptr; member = next) {
        next = member->next;
        if (is_left_behind(*member->fiber)) {
            remove(*member);
        }
    }
}

void GroupState::begin() {
    WEFT_CHECK(phase_ == Phase::fresh, "a task group is run twice");
    enter();
    phase_ = Phase::running;
}

void GroupState::check_running() const {
    if (phase_ != Phase::running) {
        throw std::logic_error("weft: spawn in a task group that is not running");
    }
    WEFT_CHECK(Hub::current() == &hub(), "spawn in a task group from another hub than its own");
}

void GroupState::add(TaskMemberBase& member) noexcept {
    if (!member.elsewhere) {
        here_.push(member);
        return;
    }
    const std::lock_guard lock(owner_.lock);
    elsewhere_.push(member);
}

void GroupState::started_one() noexcept {
    if (stopping_) {
        cancel_members();
    }
}

std::size_t GroupState::size() noexcept {
    const std::lock_guard lock(owner_.lock);
    return here_.size + elsewhere_.size;
}

void GroupState::stopping() noexcept {
    CancelCore::stopping();
    if (!std::exchange(stopping_, true)) {
        cancel_members();
    }
}

void GroupState::cancel_members() noexcept {
    // Callbacks of users may run here, by std::stop_token, and may start more members; none ends meanwhile.
    for (TaskMemberBase* member = here_.head; member != nullptr; member = member->next) {
        cancel_anywhere(*member->fiber);
    }
    // These are told through their hubs, which runs nothing here.
    const std::lock_guard lock(owner_.lock);
    for (TaskMemberBase* member = elsewhere_.head; member != nullptr; member = member->next) {
        cancel_anywhere(*member->fiber);
    }
}

void GroupState::keep(std::exception_ptr error) noexcept {
    const std::lock_guard lock(owner_.lock);
    failures_.push_back(std::move(error));
}

void GroupState::failed(std::exception_ptr error) noexcept {
    keep(std::move(error));
    cancel("another part of the task group has failed");
}

void GroupState::returned(const TaskMemberBase& member) noexcept {
    if (until_ == GroupEnd::all || member.daemon) {
        return;
    }
    {
        const std::lock_guard lock(owner_.lock);
        if (std::exchange(enough_, true) || cancelled()) {
            return;
        }
    }
    cancel("another member of the task group has returned");
}

void GroupState::left(TaskMemberBase& member) noexcept {
    if (!member.elsewhere) {
        here_.remove(member);
        if (here_.awaited() == 0) {
            wake_owner();
        }
        return;
    }
    owner_.lock.lock();
    elsewhere_.remove(member);
    WaitRecord* owner = elsewhere_.awaited() == 0 ? owner_.take() : nullptr;
    // The last access: the group may end as soon as nobody is left in the list.
    owner_.lock.unlock();
    if (owner != nullptr) {
        wake(*owner);
    }
}

void GroupState::wake_owner() noexcept {
    owner_.lock.lock();
    WaitRecord* owner = owner_.take();
    owner_.lock.unlock();
    if (owner != nullptr) {
        wake(*owner);
    }
}

bool GroupState::over(bool with_daemons) const noexcept {
    return with_daemons ? here_.size + elsewhere_.size == 0 : here_.awaited() + elsewhere_.awaited() == 0;
}

bool GroupState::enlist(OneWaiter::Record& record, bool with_daemons) noexcept {
    const std::lock_guard lock(owner_.lock);
    if (forks_survived() != 0) {
        here_.remove_left_behind();
        elsewhere_.remove_left_behind();
    }
    if (over(with_daemons)) {
        return false;
    }
    owner_.waiter = &record;
    return true;
}

void GroupState::wait_for_awaited() {
    for (;;) {
        OneWaiter::Record record(WaitReason::task_group, this, owner_);
        if (!enlist(record, false)) {
            return;
        }
        Deadline deadline = never;
        park_or_throw(record, deadline, "task group");
    }
}

void GroupState::wait_shielded(bool with_daemons) noexcept {
    for (;;) {
        OneWaiter::Record record(WaitReason::task_group, this, owner_);
        if (!enlist(record, with_daemons)) {
            return;
        }
        Deadline deadline = never;
        // Only an error of the hub itself (a deadlock, a dead poller) ends this wait early.
        WEFT_CHECK(park_shielded(record, deadline) != Wake::interrupted, "a task group can never end");
    }
}

void GroupState::block_failed() noexcept {
    try {
        throw;
    } catch (const Cancelled&) {
        if (!caught_own()) {
            passing_ = std::current_exception();
            passing_is_level_ = true;
        }
    } catch (const FiberExit&) {
        passing_ = std::current_exception();
    } catch (const TimeoutExpired&) {
        passing_ = std::current_exception();
    } catch (...) {
        keep(std::current_exception());
    }
    if (!cancelled()) {
        cancel("the block of the task group has been left");
    }
    wait_shielded(false);
}

bool GroupState::end() {
    try {
        wait_for_awaited();
    } catch (...) {
        block_failed();
    }
    const bool stopped = std::exchange(stopping_, true);
    cancel_members();
    wait_shielded(true);
    phase_ = Phase::ended;
    leave();
    if (failures_.empty()) {
        if (passing_ != nullptr) {
            std::rethrow_exception(passing_);
        }
        if (stopped && !cancelled() && interrupted()) {
            throw_interrupt();  // members were cut short from outside, though no wait of the block was
        }
        return !cancelled() || enough_;
    }
    // A level strikes again at the next wait; what comes but once would be lost.
    if (passing_ != nullptr && !passing_is_level_) {
        failures_.push_back(passing_);
    }
    throw ExceptionGroup(std::move(failures_));
}

}  // namespace weft::impl
