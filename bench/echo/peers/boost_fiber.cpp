// Echo server on Boost.Fiber: one fiber per connection, and a scheduling algorithm that sleeps in epoll.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/fiber/all.hpp>
#include <boost/version.hpp>

#include "common.h"

namespace {

namespace fibers = boost::fibers;

// Round robin; when no fiber is ready, epoll_wait instead of a condition variable. Descriptors are registered
// once, edge-triggered, with the fiber that serves them.
class EpollRoundRobin : public fibers::algo::algorithm {
public:
    EpollRoundRobin() : poller_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (poller_ < 0 || wake_ < 0) {
            echo_die("epoll_create1");
        }
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.ptr = nullptr;
        epoll_ctl(poller_, EPOLL_CTL_ADD, wake_, &event);
        current = this;
    }
    ~EpollRoundRobin() override {
        close(wake_);
        close(poller_);
    }

    void awakened(fibers::context* fiber) noexcept override { fiber->ready_link(ready_); }
    bool has_ready_fibers() const noexcept override { return !ready_.empty(); }
    fibers::context* pick_next() noexcept override {
        if (ready_.empty()) {
            return nullptr;
        }
        fibers::context* fiber = &ready_.front();
        ready_.pop_front();
        return fiber;
    }

    void suspend_until(std::chrono::steady_clock::time_point const& until) noexcept override {
        std::array<epoll_event, 64> events;
        const int count =
            epoll_wait(poller_, events.data(), static_cast<int>(events.size()), timeout_ms(until));
        for (int i = 0; i < count; ++i) {
            auto* const waiter = static_cast<Waiter*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (waiter != nullptr && waiter->parked) {
                waiter->parked = false;
                fibers::context::active()->schedule(waiter->fiber);
            }
        }
    }
    void notify() noexcept override { eventfd_write(wake_, 1); }

    struct Waiter {
        fibers::context* fiber = nullptr;
        bool parked = false;
    };

    void add(int fd, Waiter& waiter) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = &waiter;
        if (epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &event) != 0) {
            echo_die("epoll_ctl");
        }
    }

    static EpollRoundRobin* current;

private:
    static int timeout_ms(std::chrono::steady_clock::time_point until) {
        if (until == std::chrono::steady_clock::time_point::max()) {
            return -1;
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        return left.count() > 0 ? static_cast<int>(left.count()) : 0;
    }

    int poller_;
    int wake_;
    fibers::scheduler::ready_queue_type ready_;
};

EpollRoundRobin* EpollRoundRobin::current = nullptr;

// A descriptor whose calls make the fiber wait where they would block.
class Socket {
public:
    explicit Socket(int fd) : fd_(fd) {
        waiter_.fiber = fibers::context::active();
        EpollRoundRobin::current->add(fd, waiter_);
    }
    ~Socket() { close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    // The result of `call`, repeated after each wait for as long as it would block.
    template <typename Call>
    auto operator()(Call call) {
        for (;;) {
            const auto result = call(fd_);
            if (result >= 0 || (errno != EAGAIN && errno != EINTR)) {
                return result;
            }
            if (errno == EAGAIN) {
                waiter_.parked = true;
                fibers::context::active()->suspend();
            }
        }
    }

private:
    int fd_;
    EpollRoundRobin::Waiter waiter_;
};

void serve(int fd) {
    Socket socket(fd);
    std::array<char, ECHO_BUFFER_BYTES> buffer;
    for (;;) {
        const ssize_t got = socket([&](int s) { return recv(s, buffer.data(), buffer.size(), 0); });
        if (got <= 0) {
            return;
        }
        for (ssize_t done = 0; done < got;) {
            const ssize_t sent = socket([&](int s) {
                return send(s, buffer.data() + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
            });
            if (sent < 0) {
                return;
            }
            done += sent;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int port = echo_port_argument(argc, argv, "Boost.Fiber " BOOST_LIB_VERSION);
    fibers::use_scheduling_algorithm<EpollRoundRobin>();
    Socket listener(echo_listen(port, 1));
    for (;;) {
        const int fd =
            listener([](int s) { return accept4(s, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
        if (fd < 0) {
            if (!echo_accept_can_go_on()) {
                echo_die("accept4");
            }
            continue;
        }
        echo_socket_options(fd);
        fibers::fiber(fibers::launch::post, std::allocator_arg, fibers::fixedsize_stack(64 * 1024), serve, fd)
            .detach();
    }
}
