// Message queues. Their descriptors can be polled, but no flag keeps a call from waiting: a limit that has passed does.
#include <weft/posix/queue.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <weft/posix/descriptor.hpp>

namespace weft::posix {

using impl::FdCall;
using impl::Hub;

namespace {

constexpr timespec long_ago{};

/// How long it is until the clock of the day shows `until`; below 0: it does.
Duration time_left(const timespec& until) noexcept {
    Deadline then;
    static_cast<void>(impl::deadline_of(&until, then));
    timespec now{};
    impl::sys.clock_gettime(CLOCK_REALTIME, &now);
    Deadline today;
    static_cast<void>(impl::deadline_of(&now, today));
    return then.is_relative() ? then.resolve(TimePoint{}) - today.resolve(TimePoint{}) : Duration::max();
}

bool is_limit(const timespec* until) noexcept {
    Deadline ignored;
    return impl::deadline_of(until, ignored);
}

/// Whether the kernel has to answer by itself: it will not wait, or it will refuse.
bool is_plain(Hub* hub, mqd_t queue, const timespec* until) noexcept {
    if (hub == nullptr || !is_limit(until)) {
        return true;
    }
    const int flags = impl::sys.fcntl(queue, F_GETFL);
    return flags < 0 || (flags & O_NONBLOCK) != 0;
}

/// Calls attempt(), which fails with ETIMEDOUT where it would wait.
template <class Attempt>
ssize_t try_until_done(Hub& hub, mqd_t queue, bool write, const timespec* until, Attempt attempt) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    FdCall call(hub, queue, write);
    if (!call.valid()) {
        return impl::fail(ENOMEM);
    }
    for (;;) {
        const ssize_t result = attempt();
        if (result >= 0 || errno != ETIMEDOUT) {
            return result;
        }
        const Duration left = until != nullptr ? time_left(*until) : Duration::max();
        if (left <= Duration::zero()) {
            return impl::fail(ETIMEDOUT);
        }
        call.until(until != nullptr ? Deadline(left) : Deadline(never));
        // After the limit it is tried once more, and the clock, which may have been set, is looked at again.
        if (const int error = call.wait(); error != 0 && error != FdCall::lapsed) {
            return impl::fail(error);
        }
    }
}

}  // namespace

int mq_timedsend(mqd_t queue, const char* from, std::size_t size, unsigned priority,
                 const timespec* until) noexcept {
    Hub* hub = impl::fiber_hub();
    if (is_plain(hub, queue, until)) {
        return until != nullptr ? impl::libc.mq_timedsend(queue, from, size, priority, until)
                                : impl::libc.mq_send(queue, from, size, priority);
    }
    return static_cast<int>(try_until_done(*hub, queue, true, until, [=]() -> ssize_t {
        return impl::libc.mq_timedsend(queue, from, size, priority, &long_ago);
    }));
}

int mq_send(mqd_t queue, const char* from, std::size_t size, unsigned priority) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.mq_send(queue, from, size, priority)
                                        : posix::mq_timedsend(queue, from, size, priority, nullptr);
}

ssize_t mq_timedreceive(mqd_t queue, char* to, std::size_t size, unsigned* priority,
                        const timespec* until) noexcept {
    Hub* hub = impl::fiber_hub();
    if (is_plain(hub, queue, until)) {
        return until != nullptr ? impl::libc.mq_timedreceive(queue, to, size, priority, until)
                                : impl::libc.mq_receive(queue, to, size, priority);
    }
    return try_until_done(*hub, queue, false, until,
                          [=] { return impl::libc.mq_timedreceive(queue, to, size, priority, &long_ago); });
}

ssize_t mq_receive(mqd_t queue, char* to, std::size_t size, unsigned* priority) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.mq_receive(queue, to, size, priority)
                                        : posix::mq_timedreceive(queue, to, size, priority, nullptr);
}

int mq_close(mqd_t queue) noexcept { return posix::close(queue); }

}  // namespace weft::posix
