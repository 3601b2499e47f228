// select of libc's shape, by poll.
#include <weft/posix/poll.hpp>

#include "base/unique_fd.hpp"
#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace weft::posix {

using impl::Hub;

namespace {

// A program may have sets that are larger than fd_set: the kernel goes by the count, and so does this.

constexpr int word_bits = static_cast<int>(sizeof(fd_mask) * 8);

fd_mask& word(fd_set* set, int fd) noexcept { return reinterpret_cast<fd_mask*>(set)[fd / word_bits]; }
constexpr fd_mask bit(int fd) noexcept {
    return static_cast<fd_mask>(std::uint64_t{1} << static_cast<unsigned>(fd % word_bits));
}
bool contains(fd_set* set, int fd) noexcept { return set != nullptr && (word(set, fd) & bit(fd)) != 0; }

/// How much of the sets is looked at: as in the kernel, no more than its table of the process has room for. Callers say
/// getdtablesize(), whatever the size of their sets.
int looked_at(int count) noexcept {
    if (count <= FD_SETSIZE) {
        return count;
    }
    char text[2048] = {};
    const UniqueFd file(impl::sys.open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    if (file.get() >= 0) {
        static_cast<void>(!impl::sys.read(file.get(), text, sizeof text - 1));
    }
    const char* line = std::strstr(text, "\nFDSize:");
    const long room = line != nullptr ? std::strtol(line + 8, nullptr, 10) : FD_SETSIZE;
    return static_cast<int>(std::min<long>(count, room));
}

/// The three sets of select() as entries of poll(). As libc's: -1 and EBADF if one is not open.
class Selection {
public:
    Selection(int count, fd_set* readable, fd_set* writable, fd_set* exceptional)
        : sets_{readable, writable, exceptional}, limit_(looked_at(count)) {
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
                if (!contains(set, entries_[i].fd)) {
                    continue;
                }
                if ((entries_[i].revents & answers[kind]) != 0) {
                    ++bits;
                } else {
                    word(set, entries_[i].fd) &= ~bit(entries_[i].fd);
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
            if (contains(sets_[kind], fd)) {
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

int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* limit) noexcept {
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr || count < 0 || (limit != nullptr && (limit->tv_sec < 0 || limit->tv_usec < 0))) {
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
    if (hub == nullptr || count < 0 || !impl::deadline_of(limit, deadline)) {
        return impl::libc.pselect(count, readable, writable, exceptional, limit, mask);
    }
    return select_in_fiber(*hub, count, readable, writable, exceptional, deadline, mask);
}

}  // namespace weft::posix
