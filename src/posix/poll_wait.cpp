// poll() in a fiber: the kernel is asked without waiting; if it has nothing to say, the fiber queues at the watches of all the
// descriptors, and asks again when one of them has an event or is closed.
#include "posix/poll_wait.hpp"

#include "posix/call.hpp"
#include "posix/libc.hpp"
#include "posix/signal_wait.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace weft::impl {

namespace {

constexpr short read_events = POLLIN | POLLRDNORM | POLLRDHUP;
constexpr short write_events = POLLOUT | POLLWRNORM;

/// The wait of one fiber in the queues of many directions.
struct ManyWait : IoWait {
    ManyWait() noexcept : IoWait(WaitReason::select, nullptr, &give_up) { in_set = true; }
    static bool give_up(WaitRecord& record) noexcept { return record.decide(aborted_tag); }
};

/// A place in one queue.
struct Place {
    Direction* direction = nullptr;
    WaitNode node;
};

/// What to wait for in a direction of a descriptor.
enum class Want : unsigned char { reading, writing, its_end };
struct Wanted {
    int fd;
    Want what;
};

/// What a poller cannot tell apart (urgent data alone, the end of the other side alone) is left to an epoll instance of its own,
/// whose readiness is what is waited for.
bool is_odd(const pollfd& entry) noexcept {
    const auto more = static_cast<short>(entry.events & ~(read_events | write_events));
    return entry.fd >= 0 && (more != 0 || (entry.events & (POLLIN | POLLRDNORM | write_events)) == 0);
}

class Waiting {
public:
    Waiting(Hub& hub, bool restarts) noexcept : hub_(hub), table_(FdTable::of(hub)), restarts_(restarts) {}

    /// Throws std::bad_alloc.
    void want(int fd, Want what) { wanted_.push_back({fd, what}); }
    void want_odd(const pollfd& entry);
    /// Keeps a descriptor for the length of the wait, and waits for it.
    void want_own(WaitFd fd) {
        want(fd.get(), Want::reading);
        own_.push_back(std::move(fd));
    }

    /// 0 once there may be something, FdCall::lapsed, or an errno value. Throws std::bad_alloc.
    int wait(Deadline& deadline);
    /// The descriptor whose end has ended the last wait, or -1. Its number may mean something else by now, or still mean it.
    [[nodiscard]] int ended() const noexcept { return ended_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    void leave(const ManyWait& record, Place* places) noexcept;

    Hub& hub_;
    FdTable& table_;
    std::vector<Wanted> wanted_;
    std::vector<WaitFd> own_;
    int odd_ = -1;
    bool restarts_;
    int ended_ = -1;
    int ends_ = 0;  ///< how many of the wait are for an end alone
};

void Waiting::want_odd(const pollfd& entry) {
    want(entry.fd, Want::its_end);  // the other instance forgets it without a word
    if (odd_ < 0) {
        WaitFd set(sys.epoll_create1(EPOLL_CLOEXEC));
        odd_ = set.get();
        if (odd_ < 0) {
            throw std::bad_alloc();  // no descriptor: as no memory to poll()
        }
        want_own(std::move(set));
    }
    epoll_event event{.events = static_cast<std::uint16_t>(entry.events), .data = {}};
    if (sys.epoll_ctl(odd_, EPOLL_CTL_ADD, entry.fd, &event) != 0 && errno == EEXIST) {
        event.events |= EPOLLIN | EPOLLOUT | EPOLLPRI;  // twice in one call: any event of it is worth a look
        sys.epoll_ctl(odd_, EPOLL_CTL_MOD, entry.fd, &event);
    }
}

int Waiting::wait(Deadline& deadline) {
    ManyWait record;
    if (!wanted_.empty()) {
        record.fd = wanted_.front().fd;
    }
    const std::unique_ptr<Place[]> places(new Place[wanted_.size()]);
    struct Leave {
        Waiting& waiting;
        const ManyWait& record;
        Place* places;
        ~Leave() { waiting.leave(record, places); }
    } leave{*this, record, places.get()};
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        const auto tag = static_cast<std::uint32_t>(i);
        if (wanted_[i].what == Want::its_end) {
            table_.await_end(wanted_[i].fd, record, tag);
            ++ends_;
            continue;
        }
        FdState& state = table_.at(wanted_[i].fd);
        Direction& direction = wanted_[i].what == Want::writing ? state.write : state.read;
        table_.watch(state, direction);
        places[i].direction = &direction;
        places[i].node.record = &record;
        places[i].node.tag = tag;
        direction.waiters.push(places[i].node);
        direction.watch.waiter = &hub_.running();
        direction.watch.waiter_record = &record;
    }
    const OutsideWait outside(wanted_.empty() ? nullptr : &hub_);
    const SignalWait signals(hub_, restarts_);
    switch (park(record, deadline)) {
        case Wake::woken:
            ended_ = record.error != 0 ? wanted_[record.winner()].fd : -1;
            return 0;
        case Wake::timed_out:
            return FdCall::lapsed;
        case Wake::interrupted:
            break;
    }
    return signals.struck() ? EINTR : interruption_error();
}

void Waiting::leave(const ManyWait& record, Place* places) noexcept {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        if (places[i].node.linked) {
            places[i].direction->waiters.remove(places[i].node);
        }
    }
    if (std::exchange(ends_, 0) != 0) {
        table_.leave_ends(record);
    }
}

/// What poll() has seen is worth trying for read() and write() too.
void note_ready(FdTable& table, const pollfd* entries, nfds_t count) {
    for (nfds_t i = 0; i < count; ++i) {
        if (entries[i].revents != 0 && (entries[i].revents & POLLNVAL) == 0) {
            FdState& state = table.at(entries[i].fd);
            state.read.ready = state.read.ready || (entries[i].revents & ~write_events) != 0;
            state.write.ready = state.write.ready || (entries[i].revents & ~read_events) != 0;
        }
    }
}

/// The signals that are held back now and that `mask` lets through: if one comes, the wait has to end.
WaitFd signals_let_through(const sigset_t& mask) {
    sigset_t now;
    sys.pthread_sigmask(SIG_SETMASK, nullptr, &now);
    sigset_t wanted;
    sigemptyset(&wanted);
    bool any = false;
    for (int signal = 1; signal < SIGRTMAX + 1; ++signal) {
        if (sigismember(&now, signal) == 1 && sigismember(&mask, signal) == 0) {
            sigaddset(&wanted, signal);
            any = true;
        }
    }
    return WaitFd(any ? sys.signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK) : -1);
}

int ask_now(pollfd* entries, nfds_t count, const sigset_t* mask) noexcept {
    const timespec at_once{};
    return mask == nullptr ? sys.poll(entries, count, 0) : libc.ppoll(entries, count, &at_once, mask);
}

void want_all(Waiting& waiting, const pollfd* entries, nfds_t count) {
    for (nfds_t i = 0; i < count; ++i) {
        const pollfd& entry = entries[i];
        if (entry.fd < 0) {
            continue;
        }
        if (is_odd(entry)) {
            waiting.want_odd(entry);
            continue;
        }
        if ((entry.events & read_events) != 0) {
            waiting.want(entry.fd, Want::reading);
        }
        if ((entry.events & write_events) != 0) {
            waiting.want(entry.fd, Want::writing);
        }
    }
}

/// Answers for a descriptor that is closed now, or as good as: how many answers there are then.
int answer_ended(pollfd* entries, nfds_t count, int ended, int found) noexcept {
    for (nfds_t i = 0; i < count; ++i) {
        if (entries[i].fd == ended) {
            found += entries[i].revents == 0 ? 1 : 0;
            entries[i].revents = POLLNVAL;
        }
    }
    return found;
}

int poll_waiting(Hub& hub, pollfd* entries, nfds_t count, Deadline deadline, const sigset_t* mask,
                 bool restarts) {
    Waiting waiting(hub, restarts);
    want_all(waiting, entries, count);
    if (mask != nullptr) {
        if (WaitFd signals = signals_let_through(*mask)) {
            waiting.want_own(std::move(signals));
        }
    }
    for (;;) {
        const int error = waiting.wait(deadline);
        if (error > 0) {
            return fail(error);
        }
        int found = ask_now(entries, count, mask);
        if (error == 0 && waiting.ended() >= 0 && found >= 0) {
            found = answer_ended(entries, count, waiting.ended(), found);
        }
        if (found != 0 || error == FdCall::lapsed) {
            return found;
        }
    }
}

}  // namespace

int poll_in_fiber(Hub& hub, pollfd* entries, nfds_t count, Deadline deadline, const sigset_t* mask,
                  bool restarts) noexcept {
    if (const int error = begin_call(hub); error != 0) {
        return fail(error);
    }
    int found = ask_now(entries, count, mask);
    try {
        if (found == 0) {
            if (only_asks(hub, deadline)) {
                return 0;
            }
            found = poll_waiting(hub, entries, count, deadline, mask, restarts);
        }
        if (found > 0) {
            note_ready(FdTable::of(hub), entries, count);
        }
        return found;
    } catch (const std::bad_alloc&) {
        return fail(ENOMEM);
    }
}

int poll_readable(Hub& hub, int fd, Deadline deadline, const sigset_t* mask, bool restarts) noexcept {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return poll_in_fiber(hub, &entry, 1, deadline, mask, restarts);
}

bool only_asks(Hub& hub, Deadline& deadline) noexcept {
    if (!deadline.is_relative()) {
        return false;
    }
    if (deadline.resolve(TimePoint{}) <= TimePoint{}) {
        hub.yield_to_pass();
        return true;
    }
    deadline.fix(TimePoint{Duration{hub.now()}});
    return false;
}

Deadline deadline_of_ms(int timeout_ms) noexcept {
    return timeout_ms < 0 ? Deadline(never) : Deadline(std::chrono::milliseconds(timeout_ms));
}

bool deadline_of(const timespec* limit, Deadline& deadline) noexcept {
    if (limit == nullptr) {
        deadline = never;
        return true;
    }
    if (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec >= 1'000'000'000) {
        return false;
    }
    std::int64_t ns = 0;
    const bool too_long =
        __builtin_mul_overflow(static_cast<std::int64_t>(limit->tv_sec), std::int64_t{1'000'000'000}, &ns) ||
        __builtin_add_overflow(ns, static_cast<std::int64_t>(limit->tv_nsec), &ns);
    deadline = too_long ? Deadline(never) : Deadline(Duration(ns));
    return true;
}

}  // namespace weft::impl
