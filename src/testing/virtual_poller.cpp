// Events of real descriptors and injected ones; when there are none, the virtual clock.
#include "testing/virtual_poller.hpp"

#include "base/error.hpp"
#include "base/sys.hpp"
#include "core/hub_registry.hpp"

#include <algorithm>
#include <cerrno>

namespace weft::impl {

VirtualPoller::VirtualPoller() : clock_(VirtualClock::process()) { open(); }

VirtualPoller::~VirtualPoller() { clock_.remove(member_); }

void VirtualPoller::open() {
    wake_fd_.reset(sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (wake_fd_.get() < 0) {
        throw_errno(errno, "creating a hub: eventfd");
    }
    member_.poller = this;
    clock_.add(member_);
}

void VirtualPoller::after_fork() {
    started_.clear();
    injected_.clear();
    watches_ = 0;
    clock_.forget_members();
    open();
}

void VirtualPoller::leave_behind() noexcept {
    wake_fd_.reset();
    clock_.forget_members();
}

void VirtualPoller::poll(std::int64_t until) {
    if (take_events() || until == poll_now) {
        return;
    }
    member_.descriptors = polled_;
    if (clock_.become_idle(member_, until, jobs_are_at_work())) {
        return;
    }
    std::vector<pollfd> waited = member_.descriptors;
    // With nothing to wait for the hub looks again for a deadlock, as in real time: nobody tells when a thread has ended.
    constexpr int look_again_ms = 20;
    const int count = sys.poll(waited.data(), waited.size(), until == poll_forever ? look_again_ms : -1);
    const int error = errno;
    clock_.become_busy(member_);
    if (count < 0 && error != EINTR) {
        throw_errno(error, "polling for events: poll");
    }
    take_events();
}

void VirtualPoller::notify() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(sys.write(wake_fd_.get(), &one, sizeof one));
}

void VirtualPoller::start(Watch& watch, bool) {
    started_.push_back(&watch);
    watch.started = true;
    ++watches_;
}

void VirtualPoller::stop(Watch& watch) noexcept {
    std::erase(started_, &watch);
    watch.started = false;
    --watches_;
}

void VirtualPoller::make_ready(int fd, bool write) { injected_.emplace_back(fd, write); }

bool VirtualPoller::watched(int fd, bool write) const noexcept {
    return std::any_of(started_.begin(), started_.end(),
                       [=](const Watch* watch) { return watch->fd == fd && watch->write == write; });
}

std::vector<pollfd> VirtualPoller::descriptors() const {
    std::vector<pollfd> list{{.fd = wake_fd_.get(), .events = POLLIN, .revents = 0}};
    for (const Watch* watch : started_) {
        const auto wanted = static_cast<short>(watch->write ? POLLOUT : POLLIN);
        list.push_back({.fd = watch->fd, .events = wanted, .revents = 0});
    }
    return list;
}

bool VirtualPoller::take_injected(const Watch& watch) {
    const auto found = std::find(injected_.begin(), injected_.end(), std::pair(watch.fd, watch.write));
    if (found == injected_.end()) {
        return false;
    }
    injected_.erase(found);
    return true;
}

/// Delivers what is ready now; whether there was anything, a notify() included.
bool VirtualPoller::take_events() {
    polled_ = descriptors();
    if (sys.poll(polled_.data(), polled_.size(), 0) < 0 && errno != EINTR) {
        throw_errno(errno, "polling for events: poll");
    }
    const bool notified = polled_.front().revents != 0;
    if (notified) {
        std::uint64_t count = 0;
        static_cast<void>(sys.read(wake_fd_.get(), &count, sizeof count));
    }
    std::vector<Watch*> ready;
    for (std::size_t i = 0; i < started_.size(); ++i) {
        pollfd& polled = polled_[i + 1];
        if ((polled.revents & ~POLLNVAL) != 0 || take_injected(*started_[i])) {
            ready.push_back(started_[i]);
        }
        if ((polled.revents & POLLNVAL) != 0) {
            polled.fd =
                -1;  // no descriptor: it belongs to a test that injects, and the kernel is not asked again
        }
    }
    for (Watch* watch : ready) {
        watch->on_ready(*watch);
    }
    return notified || !ready.empty();
}

}  // namespace weft::impl
