// Waiting for signals: a descriptor tells that one of them is pending, and libc's own call takes it.
#include <weft/posix/signal.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <utility>

namespace weft::posix {

using impl::Hub;

namespace {

constexpr timespec at_once{};

/// The number of the signal, or -1 and errno: EAGAIN once the limit has passed.
int take_signal(Hub& hub, const sigset_t* set, siginfo_t* info, Deadline deadline) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    int signal = impl::libc.sigtimedwait(set, info, &at_once);
    if (signal >= 0 || errno != EAGAIN) {
        return signal;
    }
    if (deadline.is_relative()) {
        deadline.fix(TimePoint{Duration{hub.now()}});
    }
    const impl::WaitFd pending(impl::sys.signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!pending) {
        return -1;
    }
    int ready = 1;
    while (ready > 0) {
        ready = impl::poll_readable(hub, pending.get(), deadline);
        // Others may wait for the same signal, and one of them gets it.
        signal = ready >= 0 ? impl::libc.sigtimedwait(set, info, &at_once) : -1;
        if (signal >= 0 || (ready > 0 && errno != EAGAIN)) {
            break;
        }
    }
    return signal;
}

/// Parks until a handler has run; `mask` as for ppoll().
int wait_for_handler(Hub& hub, const sigset_t* mask) noexcept {
    // Never ready. A wait for nothing at all would count as a deadlock.
    const impl::WaitFd nothing(impl::sys.eventfd(0, EFD_CLOEXEC));
    if (!nothing) {
        return -1;
    }
    static_cast<void>(impl::poll_readable(hub, nothing.get(), never, mask));
    return -1;
}

}  // namespace

int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* limit) noexcept {
    Hub* hub = impl::fiber_hub();
    Deadline deadline;
    if (hub == nullptr || set == nullptr || !impl::deadline_of(limit, deadline)) {
        return impl::libc.sigtimedwait(set, info, limit);
    }
    return take_signal(*hub, set, info, deadline);
}

int sigwaitinfo(const sigset_t* set, siginfo_t* info) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.sigwaitinfo(set, info)
                                        : posix::sigtimedwait(set, info, nullptr);
}

int sigwait(const sigset_t* set, int* signal) noexcept {
    if (impl::fiber_hub() == nullptr) {
        return impl::libc.sigwait(set, signal);
    }
    const int error = errno;
    int found = -1;
    do {
        found = posix::sigtimedwait(set, nullptr, nullptr);
    } while (found < 0 && errno == EINTR);  // which this one never says
    if (found < 0) {
        return std::exchange(errno, error);
    }
    *signal = found;
    errno = error;
    return 0;
}

int sigsuspend(const sigset_t* mask) noexcept {
    Hub* hub = impl::fiber_hub();
    return hub == nullptr || mask == nullptr ? impl::libc.sigsuspend(mask) : wait_for_handler(*hub, mask);
}

int pause() noexcept {
    Hub* hub = impl::fiber_hub();
    return hub == nullptr ? impl::libc.pause() : wait_for_handler(*hub, nullptr);
}

}  // namespace weft::posix
