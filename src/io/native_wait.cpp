// Waiting on a thread without a hub.
#include "io/native_wait.hpp"

#include "base/sys.hpp"

#include <weft/core/run.hpp>

#include <poll.h>

#include <algorithm>
#include <cstdint>

namespace weft::impl {

int wait_natively(int fd, bool write, Deadline& deadline) noexcept {
    if (deadline.is_relative()) {
        deadline.fix(weft::now());
    }
    for (;;) {
        int limit = -1;
        if (!deadline.is_never()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline.resolve({}) - weft::now());
            limit = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
        }
        pollfd entry{.fd = fd, .events = static_cast<short>(write ? POLLOUT : POLLIN), .revents = 0};
        const int count = sys.poll(&entry, 1, limit);
        if (count > 0) {
            return (entry.revents & POLLNVAL) != 0 ? EBADF : 0;
        }
        if (count == 0 && limit == 0) {
            return ETIMEDOUT;
        }
        if (count < 0 && errno != EINTR) {
            return errno;
        }
    }
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
