// The gate between TaskGroup::start() and the member that it waits for.
#include <weft/scope/started.hpp>

#include "base/assert.hpp"
#include "scope/one_waiter.hpp"

#include <weft/base/error.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace weft::impl {

struct StartGateBase::State {
    enum class Phase { closed, open, failed, ended };

    /// Only where it is closed yet; then who waits goes on.
    bool leave_closed(Phase to, std::exception_ptr why = nullptr) noexcept {
        starter.lock.lock();
        const bool first = phase == Phase::closed;
        WaitRecord* woken = nullptr;
        if (first) {
            phase = to;
            error = std::move(why);
            woken = starter.take();
        }
        starter.lock.unlock();
        if (woken != nullptr) {
            wake(*woken);
        }
        return first;
    }

    bool enlist(OneWaiter::Record& record) noexcept {
        const std::lock_guard lock(starter.lock);
        if (phase == Phase::closed) {
            starter.waiter = &record;
        }
        return phase == Phase::closed;
    }

    /// What start() throws; the phase does not change any more.
    void report() const {
        if (phase == Phase::failed) {
            std::rethrow_exception(error);
        }
        if (phase == Phase::ended) {
            throw std::logic_error("weft: a member of a task group has ended without calling started()");
        }
    }

    OneWaiter starter;
    Phase phase = Phase::closed;  ///< this and what follows is guarded by starter.lock
    bool abandoned = false;       ///< who waited has been interrupted
    std::exception_ptr error;
    FiberRef member;
};

StartGateBase::StartGateBase() : state_(std::make_unique<State>()) {}

StartGateBase::~StartGateBase() = default;

void StartGateBase::wait() {
    OneWaiter::Record record(WaitReason::task_group, this, state_->starter);
    Deadline deadline = never;
    try {
        if (state_->enlist(record)) {
            park_or_throw(record, deadline, "start of a member of a task group");
        }
    } catch (...) {
        abandon();
        throw;
    }
    state_->report();
}

void StartGateBase::abandon() noexcept {
    FiberRef member;
    {
        const std::lock_guard lock(state_->starter.lock);
        state_->abandoned = true;
        member = state_->member;
    }
    member.cancel();
    OneWaiter::Record record(WaitReason::task_group, this, state_->starter);
    Deadline deadline = never;
    if (state_->enlist(record)) {
        WEFT_CHECK(park_shielded(record, deadline) != Wake::interrupted, "a task group can never end");
    }
}

void StartGateBase::begin() {
    FiberRef self = this_fiber();
    bool abandoned = false;
    {
        const std::lock_guard lock(state_->starter.lock);
        state_->member = self;
        abandoned = state_->abandoned;
    }
    if (abandoned) {
        self.cancel();
    }
}

void StartGateBase::check_closed() const noexcept {
    const std::lock_guard lock(state_->starter.lock);
    WEFT_CHECK(state_->phase == State::Phase::closed, "started() is called twice");
}

void StartGateBase::open() noexcept { static_cast<void>(state_->leave_closed(State::Phase::open)); }

void StartGateBase::failed() {
    try {
        throw;
    } catch (const Cancelled&) {
        ended();
        throw;
    } catch (const FiberExit&) {
        ended();
        throw;
    } catch (...) {
        if (!state_->leave_closed(State::Phase::failed, std::current_exception())) {
            throw;
        }
    }
    throw FiberExit{};  // it is start() that throws the failure; the member ends without one
}

void StartGateBase::ended() noexcept { static_cast<void>(state_->leave_closed(State::Phase::ended)); }

}  // namespace weft::impl
