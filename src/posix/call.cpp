// Waits that end in an errno.
#include "posix/call.hpp"

#include "io/native_wait.hpp"
#include "posix/signal_wait.hpp"

#include <algorithm>
#include <new>

namespace weft::impl {

void FdCall::make_state() noexcept {
    try {
        state_ = is_possible(fd_) ? &FdTable::of(hub_).at(fd_) : nullptr;
    } catch (const std::bad_alloc&) {
        state_ = nullptr;
    }
}

void FdCall::fix_limit() noexcept {
    if (!limited_) {
        const std::int64_t limit = time_limit(fd_, *record_, write_);
        deadline_ = limit != 0 ? Deadline(Duration(limit)) : never;
        limited_ = true;
    }
}

int FdCall::rest() noexcept {
    fix_limit();
    const TimePoint now(Duration(hub_.now()));
    deadline_.fix(now);
    if (deadline_.resolve(now) <= now) {
        return lapsed;
    }
    direction().ready = true;
    return rest_until(Deadline(std::min(now + std::chrono::milliseconds(1), deadline_.resolve(now))), true);
}

int FdCall::wait() noexcept {
    fix_limit();
    try {
        const SignalWait signals(hub_, true);
        const IoParked parked =
            park_on(hub_, *state_, direction(), write_ ? WaitReason::writable : WaitReason::readable, record_,
                    deadline_);
        switch (parked.how) {
            case Wake::woken:
                return parked.error;
            case Wake::timed_out:
                return lapsed;
            case Wake::interrupted:
                return signals.struck() ? EINTR : interruption_error();
        }
    } catch (const std::bad_alloc&) {
    }
    return ENOMEM;
}

void FdCall::missed() noexcept {
    FiberBlock& fiber = hub_.running();
    if (fiber.io_done >= operations_per_turn) [[unlikely]] {
        const int error = errno;
        fiber.io_done = 0;
        hub_.yield_to_pass();
        errno = error;
    }
}

bool ready_now(int fd, short events) noexcept { return look_natively(fd, events) != ETIMEDOUT; }

namespace {

bool end_rest(WaitRecord&) noexcept { return true; }

}  // namespace

int rest_until(Deadline deadline, bool restarts) noexcept {
    WaitRecord record(WaitReason::sleep, nullptr, &end_rest);
    try {
        const SignalWait signals(*Hub::current(), restarts);
        if (park(record, deadline) != Wake::interrupted) {
            return 0;
        }
        return signals.struck() ? EINTR : interruption_error();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

}  // namespace weft::impl
