// poll, select and epoll_wait of libc's shape.
#include <weft/posix/poll.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <algorithm>
#include <memory>
#include <new>

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
    if (deadline.is_relative()) {
        if (deadline.resolve(TimePoint{}) <= TimePoint{}) {
            hub.yield(true);
            return 0;
        }
        deadline.fix(TimePoint{Duration{hub.now()}});
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

/// The three sets of select() as entries of poll(). As libc's: -1 and EBADF if one is not open.
class Selection {
public:
    Selection(int count, fd_set* readable, fd_set* writable, fd_set* exceptional)
        : sets_{readable, writable, exceptional}, limit_(std::min(count, static_cast<int>(FD_SETSIZE))) {
        int wanted = 0;
        for (int fd = 0; fd < limit_; ++fd) {
            wanted += events_of(fd) != 0 ? 1 : 0;
        }
        entries_.reset(new pollfd[static_cast<std::size_t>(wanted)]);
        for (int fd = 0; fd < limit_; ++fd) {
            if (const short events = events_of(fd); events != 0) {
                entries_[used_++] = {.fd = fd, .events = events, .revents = 0};
            }
        }
    }
    pollfd* entries() noexcept { return entries_.get(); }
    nfds_t size() const noexcept { return used_; }

    /// Writes the result back: how many bits are set, or -1 and EBADF.
    int finish() noexcept {
        int bits = 0;
        for (nfds_t i = 0; i < used_; ++i) {
            if ((entries_[i].revents & POLLNVAL) != 0) {
                return impl::fail(EBADF);
            }
        }
        for (nfds_t i = 0; i < used_; ++i) {
            for (int kind = 0; kind < 3; ++kind) {
                fd_set* set = sets_[kind];
                if (set == nullptr || !FD_ISSET(entries_[i].fd, set)) {
                    continue;
                }
                if ((entries_[i].revents & answers[kind]) != 0) {
                    ++bits;
                } else {
                    FD_CLR(entries_[i].fd, set);
                }
            }
        }
        return bits;
    }

private:
    // As the kernel's select() has it.
    static constexpr short answers[3] = {POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
                                         POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};

    short events_of(int fd) const noexcept {
        int events = 0;
        for (int kind = 0; kind < 3; ++kind) {
            if (sets_[kind] != nullptr && FD_ISSET(fd, sets_[kind])) {
                events |= kind == 0 ? POLLIN : kind == 1 ? POLLOUT : POLLPRI;
            }
        }
        return static_cast<short>(events);
    }

    fd_set* sets_[3];
    int limit_;
    std::unique_ptr<pollfd[]> entries_;
    nfds_t used_ = 0;
};

int select_in_fiber(Hub& hub, int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                    Deadline deadline, const sigset_t* mask) noexcept {
    try {
        Selection selection(count, readable, writable, exceptional);
        return impl::poll_in_fiber(hub, selection.entries(), selection.size(), deadline, mask) < 0
                   ? -1
                   : selection.finish();
    } catch (const std::bad_alloc&) {
        return impl::fail(ENOMEM);
    }
}

/// Linux writes back what is left of select()'s time.
void write_left(timeval* limit, TimePoint until, Hub& hub) noexcept {
    const Duration left = std::max(until - TimePoint(Duration(hub.now())), Duration::zero());
    limit->tv_sec = left / std::chrono::seconds(1);
    limit->tv_usec = static_cast<suseconds_t>(left % std::chrono::seconds(1) / std::chrono::microseconds(1));
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

int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* limit) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || count < 0 || count > FD_SETSIZE ||
        (limit != nullptr && (limit->tv_sec < 0 || limit->tv_usec < 0))) {
        return impl::libc.select(count, readable, writable, exceptional, limit);
    }
    if (limit == nullptr) {
        return select_in_fiber(*hub, count, readable, writable, exceptional, never, nullptr);
    }
    const Deadline length(std::chrono::seconds(limit->tv_sec) + std::chrono::microseconds(limit->tv_usec));
    const TimePoint until = length.resolve(TimePoint(Duration(hub->now())));
    const int found = select_in_fiber(*hub, count, readable, writable, exceptional, length, nullptr);
    write_left(limit, until, *hub);
    return found;
}

int pselect(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, const timespec* limit,
            const sigset_t* mask) noexcept {
    Hub* hub = impl::fiber_hub();
    Deadline deadline;
    if (hub == nullptr || count < 0 || count > FD_SETSIZE || !impl::deadline_of(limit, deadline)) {
        return impl::libc.pselect(count, readable, writable, exceptional, limit, mask);
    }
    return select_in_fiber(*hub, count, readable, writable, exceptional, deadline, mask);
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
