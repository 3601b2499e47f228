// The poller of real hubs: libev, one loop per hub. The only user of libev.
#include "base/error.hpp"
#include "base/own_fds.hpp"
#include "base/sys.hpp"
#include "core/poller.hpp"

#include <ev.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <new>
#include <system_error>
#include <utility>

namespace weft::impl {

namespace {

// A large batch pushes the sockets that the kernel has just touched out of the cache before they are read.
constexpr int batch_limit = 64;

/// What the epoll_wait under way is to do; libev's own idea is rounded to milliseconds.
struct Wait {
    std::int64_t until = poll_now;
    int error = 0;
    std::atomic<int>* epoll = nullptr;  ///< where libev's descriptor is to be noted
    bool* to_the_nanosecond = nullptr;  ///< whether the kernel can; cleared when it says that it cannot
};
constinit thread_local Wait current_wait;

std::int64_t steady_ns(clockid_t clock) noexcept {
    timespec time{};
    sys.clock_gettime(clock, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Waits up to current_wait.until, to the nanosecond where the kernel can (5.11).
int wait_until(int epoll, epoll_event* events, int room) noexcept {
    const std::int64_t until = current_wait.until;
    if (until == poll_now || until == poll_forever) {
        return sys.epoll_wait(epoll, events, room, until == poll_now ? 0 : -1);
    }
    const std::int64_t left = until - steady_ns(CLOCK_MONOTONIC);
    if (left <= 0) {
        return sys.epoll_wait(epoll, events, room, 0);
    }
    if (*current_wait.to_the_nanosecond) [[likely]] {
        const timespec time{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        const int count = sys.epoll_pwait2(epoll, events, room, &time, nullptr);
        if (count >= 0 || errno != ENOSYS) {
            return count;
        }
        *current_wait.to_the_nanosecond = false;
    }
    // Rounded up, since nothing may end early; an hour at most, since the argument is an int.
    const std::int64_t ms = left < 3'600'000'000'000 ? (left + 999'999) / 1'000'000 : 3'600'000;
    return sys.epoll_wait(epoll, events, room, static_cast<int>(ms));
}

/// The descriptor that other threads wake the hub with.
class OwnFd {
public:
    OwnFd() = default;
    OwnFd(const OwnFd&) = delete;
    OwnFd& operator=(const OwnFd&) = delete;
    ~OwnFd() { reset(); }
    void open() noexcept {
        reset();
        fd_ = keep_own_fd(sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    }
    void reset() noexcept {
        if (fd_ >= 0) {
            close_own_fd(std::exchange(fd_, -1));
        }
    }
    int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

class LibevPoller final : public Poller {
public:
    LibevPoller() { open(); }

    ~LibevPoller() override { ev_loop_destroy(loop_); }

    void poll(std::int64_t until) override {
        current_wait = {.until = until, .epoll = &epoll_, .to_the_nanosecond = &to_the_nanosecond_};
        ev_run(loop_, until == poll_now ? EVRUN_NOWAIT : EVRUN_ONCE);
        if (current_wait.error != 0) {
            throw_errno(current_wait.error, "polling for events: epoll_wait");
        }
        for (const Watch* watch = ready_; watch != nullptr; watch = watch->next_ready) {
            __builtin_prefetch(watch->waiter, 1, 3);
            // It may lie across two lines.
            __builtin_prefetch(watch->waiter_record, 1, 3);
            __builtin_prefetch(static_cast<const char*>(watch->waiter_record) + 48, 1, 3);
        }
        while (ready_ != nullptr) {
            Watch& watch = *ready_;
            ready_ = watch.next_ready;
            watch.on_ready(watch);
        }
    }

    void notify() noexcept override {
        const std::uint64_t one = 1;
        static_cast<void>(sys.write(wake_fd_.get(), &one, sizeof one));
    }

    void start(Watch& watch, bool fresh) override {
        static_assert(sizeof(ev_io) <= sizeof watch.storage);
        ev_io* watcher = reinterpret_cast<ev_io*>(watch.storage);
        if (fresh) {
            // Tells libev to add the number to the kernel's set even if it had been in there before.
            watcher = ::new (watch.storage) ev_io;
            ev_io_init(watcher, &on_io, watch.fd, watch.write ? EV_WRITE : EV_READ);
            watcher->data = &watch;
        }
        ev_io_start(loop_, watcher);
        watch.started = true;
        ++watches_;
    }

    void stop(Watch& watch) noexcept override {
        ev_io_stop(loop_, reinterpret_cast<ev_io*>(watch.storage));
        watch.started = false;
        --watches_;
    }

    std::int64_t now() noexcept override { return steady_ns(CLOCK_MONOTONIC); }
    std::int64_t coarse_now() noexcept override { return steady_ns(CLOCK_MONOTONIC_COARSE); }
    bool real_time() const noexcept override { return true; }

    void after_fork() override {
        ev_loop_destroy(
            std::exchange(loop_, nullptr));  // closes the epoll descriptor, and changes nothing in its set
        ready_ = nullptr;
        watches_ = 0;
        open();
    }

    void leave_behind() noexcept override {
        wake_fd_.reset();
        if (const int epoll = epoll_.exchange(-1, std::memory_order_relaxed); epoll >= 0) {
            close_own_fd(epoll);
        }
    }

private:
    void open() {
        wake_fd_.open();
        if (wake_fd_.get() < 0) {
            throw_errno(errno, "creating a hub: eventfd");
        }
        // Other back ends would not do what the redirected epoll_wait below is for.
        loop_ = ev_loop_new(static_cast<unsigned>(EVBACKEND_EPOLL) | static_cast<unsigned>(EVFLAG_NOENV));
        if (loop_ == nullptr) {
            throw_errno(errno != 0 ? errno : ENOMEM, "creating a hub: epoll");
        }
        ev_io_init(&wake_watcher_, &on_wake, wake_fd_.get(), EV_READ);
        ev_io_start(loop_, &wake_watcher_);
        ev_set_userdata(loop_, this);
    }

    // libev calls the newest event first: putting each in front gives back the order of arrival.
    static void on_io(struct ev_loop* loop, ev_io* watcher, int) noexcept {
        auto& self = *static_cast<LibevPoller*>(ev_userdata(loop));
        auto& watch = *static_cast<Watch*>(watcher->data);
        watch.next_ready = self.ready_;
        self.ready_ = &watch;
    }

    static void on_wake(struct ev_loop*, ev_io* watcher, int) noexcept {
        std::uint64_t count = 0;
        static_cast<void>(sys.read(watcher->fd, &count, sizeof count));
    }

    OwnFd wake_fd_;
    struct ev_loop* loop_ = nullptr;
    bool to_the_nanosecond_ = true;
    std::atomic<int> epoll_{-1};  ///< libev's descriptor, from the first poll on
    ev_io wake_watcher_{};
    Watch* ready_ = nullptr;
};

std::unique_ptr<Poller> make_libev_poller() { return std::make_unique<LibevPoller>(); }

}  // namespace

constinit PollerFactory poller_factory = &make_libev_poller;

}  // namespace weft::impl

// The build redirects these references of the libev archive: cmake/libev.cmake says how and why.
extern "C" {

FILE* weft_libev_stderr = stderr;

int weft_libev_epoll_wait(int epoll, epoll_event* events, int room, int timeout_ms) {
    using namespace weft::impl;
    if (timeout_ms == 0) {
        current_wait.until = poll_now;  // libev has events of its own: for what it calls always ready
    }
    current_wait.epoll->store(epoll, std::memory_order_relaxed);
    const int count = wait_until(epoll, events, room < batch_limit ? room : batch_limit);
    if (count < 0 && errno != EINTR) {
        current_wait.error = errno;
    }
    // libev would report an error by ending the process; poll() throws it instead.
    return count < 0 ? 0 : count;
}

int weft_libev_epoll_create1(int flags) {
    return weft::impl::keep_own_fd(weft::impl::sys.epoll_create1(flags));
}

int weft_libev_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
    const int result = weft::impl::sys.epoll_ctl(epoll, operation, fd, event);
    // A descriptor that somebody has closed just before, or that cannot be watched (ELOOP): libev would end the program. What gives
    // EPERM it calls always ready, so who waits tries, and is told by the call itself.
    if (result != 0 && (errno == EBADF || errno == ELOOP || errno == EINVAL)) {
        errno = EPERM;
    }
    return result;
}

ssize_t weft_libev_read(int fd, void* to, std::size_t size) { return weft::impl::sys.read(fd, to, size); }

ssize_t weft_libev_write(int fd, const void* from, std::size_t size) {
    return weft::impl::sys.write(fd, from, size);
}

int weft_libev_close(int fd) {
    weft::impl::close_own_fd(fd);
    return 0;
}
}
