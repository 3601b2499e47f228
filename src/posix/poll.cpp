// poll and epoll_wait of libc's shape.
#include <weft/posix/poll.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

namespace weft::posix {

using impl::Hub;

namespace {

/// epoll_wait of the program's own instance, which stays as it is: its descriptor is readable when it has events.
template <class Now>
int epoll_in_fiber(Hub& hub, int epoll, Deadline deadline, const sigset_t* mask, Now now) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    int count = now();
    if (count != 0) {
        return count;
    }
    if (impl::only_asks(hub, deadline)) {
        return 0;
    }
    for (;;) {
        pollfd entry{.fd = epoll, .events = POLLIN, .revents = 0};
        const int ready = impl::poll_in_fiber(hub, &entry, 1, deadline, mask);
        if (ready < 0) {
            return -1;
        }
        if ((entry.revents & POLLNVAL) != 0) {
            return impl::fail(EBADF);
        }
        count = now();
        if (count != 0 || ready == 0) {
            return count;
        }
    }
}

}  // namespace

int poll(pollfd* entries, nfds_t count, int timeout_ms) noexcept {
    Hub* hub = impl::fiber_hub();
    return hub == nullptr
               ? impl::sys.poll(entries, count, timeout_ms)
               : impl::poll_in_fiber(*hub, entries, count, impl::deadline_of_ms(timeout_ms), nullptr);
}

int ppoll(pollfd* entries, nfds_t count, const timespec* limit, const sigset_t* mask) noexcept {
    Hub* hub = impl::fiber_hub();
    Deadline deadline;
    return hub == nullptr || !impl::deadline_of(limit, deadline)
               ? impl::libc.ppoll(entries, count, limit, mask)
               : impl::poll_in_fiber(*hub, entries, count, deadline, mask);
}

int epoll_wait(int epoll, epoll_event* events, int room, int timeout_ms) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::sys.epoll_wait(epoll, events, room, timeout_ms);
    }
    return epoll_in_fiber(*hub, epoll, impl::deadline_of_ms(timeout_ms), nullptr,
                          [=] { return impl::sys.epoll_wait(epoll, events, room, 0); });
}

int epoll_pwait(int epoll, epoll_event* events, int room, int timeout_ms, const sigset_t* mask) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::libc.epoll_pwait(epoll, events, room, timeout_ms, mask);
    }
    return epoll_in_fiber(*hub, epoll, impl::deadline_of_ms(timeout_ms), mask,
                          [=] { return impl::libc.epoll_pwait(epoll, events, room, 0, mask); });
}

int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* limit,
                 const sigset_t* mask) noexcept {
    Hub* hub = impl::fiber_hub();
    Deadline deadline;
    if (hub == nullptr || !impl::deadline_of(limit, deadline)) {
        return impl::sys.epoll_pwait2(epoll, events, room, limit, mask);
    }
    return epoll_in_fiber(*hub, epoll, deadline, mask,
                          [=] { return impl::libc.epoll_pwait(epoll, events, room, 0, mask); });
}

}  // namespace weft::posix
