// Sleeping, to the clock that the caller names.
#include <weft/posix/time.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <threads.h>

#include <algorithm>
#include <limits>

namespace weft::posix {

using impl::Hub;

namespace {

timespec to_timespec(Duration length) noexcept {
    return {.tv_sec = length / std::chrono::seconds(1),
            .tv_nsec = static_cast<long>(length % std::chrono::seconds(1) / std::chrono::nanoseconds(1))};
}

/// 0 or an errno value; `left` gets what has not been slept, if it is interrupted.
int sleep_in_fiber(Hub& hub, Duration length, Duration& left) noexcept {
    left = Duration::zero();
    const TimePoint until = Deadline(length).resolve(TimePoint(Duration(hub.now())));
    if (const int error = impl::begin_call(hub); error != 0) {
        left = length;
        return error;
    }
    if (length <= Duration::zero()) {
        hub.yield_to_pass();
        return 0;
    }
    const int error = impl::rest_until(Deadline(until));
    if (error != 0) {
        left = std::max(until - TimePoint(Duration(hub.now())), Duration::zero());
    }
    return error;
}

/// Until a clock that somebody may set shows `time`: the kernel watches it.
int sleep_by_timer(Hub& hub, clockid_t clock, const timespec& time) noexcept {
    const impl::WaitFd timer(impl::sys.timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec setting{.it_interval = {}, .it_value = time};
    if (!timer || impl::sys.timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &setting, nullptr) != 0) {
        return errno;
    }
    return impl::poll_readable(hub, timer.get(), never) < 0 ? errno : 0;
}

bool passed(clockid_t clock, const timespec& time) noexcept {
    timespec now{};
    return impl::sys.clock_gettime(clock, &now) == 0 &&
           (now.tv_sec > time.tv_sec || (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec));
}

int sleep_until(Hub& hub, clockid_t clock, const timespec& time) noexcept {
    if (passed(clock, time)) {
        hub.yield_to_pass();
        return 0;
    }
    Deadline deadline;
    static_cast<void>(impl::deadline_of(&time, deadline));
    if (clock == CLOCK_MONOTONIC) {
        const TimePoint until(deadline.resolve(TimePoint{}));
        const int error = impl::begin_call(hub);
        return error != 0 ? error : impl::rest_until(Deadline(until));
    }
    return sleep_by_timer(hub, clock, time);
}

constexpr bool is_time(const timespec& time) noexcept {
    return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

/// Others (of processor time, of alarms) are the kernel's business.
constexpr bool can_park(clockid_t clock) noexcept {
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
}

}  // namespace

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || time == nullptr || !is_time(*time) || !can_park(clock)) {
        return impl::libc.clock_nanosleep(clock, flags, time, left);
    }
    if ((flags & TIMER_ABSTIME) != 0) {
        return sleep_until(*hub, clock, *time);
    }
    Deadline length;
    static_cast<void>(impl::deadline_of(time, length));
    Duration rest{};
    const int error = sleep_in_fiber(*hub, length.resolve(TimePoint{}).time_since_epoch(), rest);
    if (error != 0 && left != nullptr) {
        *left = to_timespec(rest);
    }
    return error;
}

int nanosleep(const timespec* length, timespec* left) noexcept {
    if (impl::fiber_hub() == nullptr) {
        return impl::sys.nanosleep(length, left);
    }
    const int error = posix::clock_nanosleep(CLOCK_MONOTONIC, 0, length, left);
    return error == 0 ? 0 : impl::fail(error);
}

unsigned sleep(unsigned seconds) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::libc.sleep(seconds);
    }
    Duration left{};
    const int error = sleep_in_fiber(*hub, std::chrono::seconds(seconds), left);
    if (error == 0) {
        return 0;
    }
    errno = error;
    return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(left).count());
}

int usleep(useconds_t microseconds) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::libc.usleep(microseconds);
    }
    Duration left{};
    const int error = sleep_in_fiber(*hub, std::chrono::microseconds(microseconds), left);
    return error == 0 ? 0 : impl::fail(error);
}

int sched_yield() noexcept {
    if (Hub* hub = impl::fiber_hub(); hub != nullptr) {
        hub->yield_to_pass();
    }
    return impl::sys.sched_yield();
}

int thrd_sleep(const timespec* length, timespec* left) noexcept {
    if (impl::fiber_hub() == nullptr) {
        return impl::libc.thrd_sleep(length, left);
    }
    const int error = posix::clock_nanosleep(CLOCK_MONOTONIC, 0, length, left);
    if (error == 0) {
        return 0;
    }
    return error == EINVAL ? -2 : -1;
}

void thrd_yield() noexcept { sched_yield(); }

}  // namespace weft::posix
