// A server's part on one hub.
#include "net/server_hub.hpp"

#include "base/sys.hpp"
#include "net/accept.hpp"
#include "net/server_core.hpp"

#include <weft/scope/scope.hpp>

#include <algorithm>
#include <cerrno>
#include <new>

namespace weft::impl {

namespace {

/// So many connections in a row, then their fibers get a turn.
constexpr int burst = 64;

/// What is accepted after stop(), at most: clients that keep coming must not
/// keep the server.
constexpr int drain_limit = 4096;

/// Room for one connection; goes back unless a connection has taken it.
class Slot {
public:
    explicit Slot(Semaphore* slots) noexcept : slots_(slots) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
        if (held_) {
            slots_->release();
        }
    }
    void acquire() {
        if (slots_ != nullptr) {
            slots_->acquire();
            held_ = true;
        }
    }
    bool try_acquire() {
        held_ = slots_ != nullptr && slots_->try_acquire();
        return held_ || slots_ == nullptr;
    }
    void pass_on() noexcept { held_ = false; }

private:
    Semaphore* slots_;
    bool held_ = false;
};

}  // namespace

ServerHub::ServerHub(ServerCore& core, std::unique_ptr<SocketState> listener)
    : core_(core),
      listener_(std::move(listener)),
      accepts_(listener_ != nullptr),
      ring_{{}, &ring_, &ring_},
      next_pause_(core.options().min_pause) {}

void ServerHub::serve() {
    Fiber<> acceptor;
    try {
        acceptor = start_acceptor();
    } catch (const std::exception&) {
        core_.fail(std::current_exception());
    }
    std::exception_ptr interrupted;
    try {
        core_.stop_requested().wait();
    } catch (...) {  // cancelled or killed
        interrupted = std::current_exception();
        core_.request_stop(Duration::zero());
    }
    const Shield shield;
    if (listener_) {
        if (acceptor.valid()) {
            acceptor.cancel();
            acceptor.join();
        }
        drain();
        listener_.reset();
        core_.acceptor_ended();
    }
    core_.acceptors_ended().wait();
    wait_for_handlers();
    if (interrupted) {
        std::rethrow_exception(interrupted);
    }
}

Fiber<> ServerHub::start_acceptor() {
    if (!listener_) {
        return {};
    }
    return spawn(SpawnOptions{.name = "acceptor " + core_.endpoint().to_string()}, [this] {
        try {
            accept_for_ever();
        } catch (const std::exception&) {
            core_.fail(std::current_exception());
        }
    });
}

void ServerHub::accept_for_ever() {
    int in_a_row = 0;
    for (;;) {
        Accepted result = Accepted::none;
        {
            // A full server leaves its clients in the kernel's queue. The slot is
            // held only while a connection is taken, not while waiting for one:
            // several hubs share the slots.
            Slot slot(core_.slots());
            slot.acquire();
            result = accept_one();
            if (result == Accepted::one) {
                slot.pass_on();
            }
        }
        if (result == Accepted::shortage) {
            pause();
        } else if (result == Accepted::none) {
            Deadline deadline = never;
            const int error = wait_readable(listener_->descriptor, deadline);
            if (error != 0) {
                throw_error(error, "wait for connections on " + core_.endpoint().to_string());
            }
            in_a_row = 0;
        } else if (++in_a_row == burst) {
            in_a_row = 0;
            yield();
        }
    }
}

ServerHub::Accepted ServerHub::accept_one() {
    int error = 0;
    auto stream = try_accept(error);
    if (stream) {
        return hand_over(std::move(stream));
    }
    if (error == EAGAIN) {
        return Accepted::none;
    }
    if (error == EINTR || lost_before_accept(error)) {
        return Accepted::lost;
    }
    if (out_of_resources(error)) {
        core_.report_shortage(error, "accept on " + core_.endpoint().to_string());
        return Accepted::shortage;
    }
    throw_error(error, "accept on " + core_.endpoint().to_string());
}

std::unique_ptr<SocketState> ServerHub::try_accept(int& error) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    auto* address = reinterpret_cast<sockaddr*>(&name);
    UniqueFd fd(sys.accept4(listener_->descriptor.fd(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
        error = errno;
        return nullptr;
    }
    try {
        return std::make_unique<SocketState>(std::move(fd), net::Endpoint::from(address, size));
    } catch (const std::bad_alloc&) {
        error = ENOMEM;
        return nullptr;
    }
}

ServerHub::Accepted ServerHub::hand_over(std::unique_ptr<SocketState> stream) {
    try {
        core_.next_hub(*this).adopt(std::move(stream));
        next_pause_ = core_.options().min_pause;
        return Accepted::one;
    } catch (const std::system_error& failure) {
        core_.report_shortage(failure.code().value(),
                              "start a fiber for a client of " + core_.endpoint().to_string());
    } catch (const std::bad_alloc&) {
        core_.report_shortage(ENOMEM, "start a fiber for a client of " + core_.endpoint().to_string());
    }
    return Accepted::shortage;
}

void ServerHub::adopt(std::unique_ptr<SocketState> stream) {
    const std::string name = core_.options().name + ' ' + stream->remote.to_string();
    live_.fetch_add(1);
    try {
        spawn_detached(SpawnOptions{.name = name, .stack_size = core_.options().stack_size, .hub = hub_},
                       [this, own = std::move(stream)]() mutable { handle(std::move(own)); });
    } catch (...) {
        live_.fetch_sub(1);
        throw;
    }
}

void ServerHub::pause() {
    room_.reset();
    paused_ = true;
    const Duration length = next_pause_;
    next_pause_ = std::min(next_pause_ * 2, core_.options().max_pause);
    move_on_after(length, [this] { room_.wait(); });
    paused_ = false;
}

void ServerHub::drain() noexcept {
    try {
        for (int taken = 0; taken < drain_limit; ++taken) {
            Slot slot(core_.slots());
            if (!slot.try_acquire()) {
                return;
            }
            const Accepted result = accept_one();
            if (result == Accepted::one) {
                slot.pass_on();
            } else if (result != Accepted::lost) {
                return;
            }
        }
    } catch (const std::exception&) {
        return;  // the listener is of no use: nobody is in its queue
    }
}

void ServerHub::handle(std::unique_ptr<SocketState> stream) {
    struct Leave {
        ServerHub& hub;
        ~Leave() { hub.end_one(); }
    } leave{*this};
    if (refusing_) {
        stream.reset();
        return;
    }
    struct InRing : Connection {
        explicit InRing(Connection& head) : Connection{this_fiber(), &head, head.next} {
            head.next->prev = this;
            head.next = this;
        }
        ~InRing() {
            prev->next = next;
            next->prev = prev;
        }
    } in_ring(ring_);
    core_.handler()(std::move(stream));
}

void ServerHub::end_one() noexcept {
    if (Semaphore* slots = core_.slots()) {
        slots->release();
    }
    if (paused_) {
        room_.set();
    }
    if (live_.fetch_sub(1) == 1 && ending_) {
        all_ended_.set();
    }
}

void ServerHub::wait_for_handlers() {
    ending_ = true;
    if (live_.load() == 0) {
        return;
    }
    if (move_on_after(core_.stop_deadline(), [this] { all_ended_.wait(); })) {
        return;
    }
    refusing_ = true;
    for (Connection* each = ring_.next; each != &ring_; each = each->next) {
        each->fiber.cancel();
    }
    if (live_.load() != 0) {
        all_ended_.wait();
    }
}

}  // namespace weft::impl
