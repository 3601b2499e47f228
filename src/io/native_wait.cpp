// Waiting on a thread without a hub.
#include "io/native_wait.hpp"

#include "base/sys.hpp"

#include <weft/core/run.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace weft::impl {

namespace {

/// 0 where the descriptor is ready, ETIMEDOUT where it is not within `limit` ms, else what is wrong.
int poll_one(int fd, short events, int limit) noexcept {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int count = sys.poll(&entry, 1, limit);
    if (count <= 0) {
        return count == 0 ? ETIMEDOUT : errno;
    }
    return (entry.revents & POLLNVAL) != 0 ? EBADF : 0;
}

}  // namespace

int look_natively(int fd, short events) noexcept {
    int result = EINTR;
    while (result == EINTR) {  // even a look is interrupted when a signal is there already
        result = poll_one(fd, events, 0);
    }
    return result;
}

int wait_natively(int fd, bool write, Deadline& deadline) noexcept {
    if (deadline.is_relative()) {
        deadline.fix(weft::now());
    }
    for (;;) {
        int limit = -1;
        if (!deadline.is_never()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline.resolve({}) - weft::now());
            if (left.count() <= 0) {
                return ETIMEDOUT;
            }
            limit = static_cast<int>(left.count() < 3'600'000 ? left.count() : 3'600'000);
        }
        const int result = poll_one(fd, poll_events(write), limit);
        if (result != ETIMEDOUT && result != EINTR) {
            return result;
        }
    }
}

int await_natively(int fd, bool write, Deadline& deadline) noexcept {
    const int now = look_natively(fd, poll_events(write));
    return now != ETIMEDOUT ? now : wait_natively(fd, write, deadline);
}

int rest(Duration pause, Deadline& deadline) {
    const TimePoint now = weft::now();
    deadline.fix(now);
    if (deadline.resolve(now) <= now) {
        return ETIMEDOUT;
    }
    sleep_until(std::min(now + pause, deadline.resolve(now)));
    return 0;
}

}  // namespace weft::impl
