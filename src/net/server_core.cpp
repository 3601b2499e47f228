// What all hubs of one server share.
#include "net/server_core.hpp"

#include "base/error.hpp"
#include "base/helper_thread.hpp"
#include "base/sys.hpp"
#include "core/hub.hpp"
#include "net/socket_calls.hpp"

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>

#include <netinet/tcp.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weft::impl {

namespace {

constexpr Duration report_interval = std::chrono::seconds(10);

net::ServerOptions checked(net::ServerOptions options) {
    options.hubs = std::max<std::size_t>(options.hubs, 1);
    options.min_pause = std::max<Duration>(options.min_pause, std::chrono::milliseconds(1));
    options.max_pause = std::max(options.max_pause, options.min_pause);
    return options;
}

}  // namespace

ServerCore::ServerCore(std::unique_ptr<SocketState> listener, bool shares_port, Handler handler,
                       net::ServerOptions options)
    : handler_(std::move(handler)),
      options_(checked(std::move(options))),
      shares_port_(shares_port),
      endpoint_(local_name(listener->descriptor.fd())),
      listener_(std::move(listener)) {
    if (options_.max_connections > 0) {
        slots_.emplace(
            static_cast<std::uint32_t>(std::min<std::size_t>(options_.max_connections, Semaphore::largest)));
    }
}

ServerCore::~ServerCore() {
    // A thread without a hub is not interrupted, and need not get one for this.
    std::optional<Shield> shield;
    if (Hub::current() != nullptr) {
        shield.emplace();
    }
    request_stop(Duration::zero());
    wait_until_stopped();
}

/// One hub's part from the moment that it is to run until it has: counts it,
/// whether it ever gets to run or not.
class ServerCore::HubRun {
public:
    HubRun(ServerCore& core, ServerHub& hub) noexcept : core_(core), hub_(hub) {
        core_.hubs_left_.fetch_add(1);
        core_.acceptors_left_.fetch_add(hub.accepts() ? 1 : 0);
    }
    HubRun(const HubRun&) = delete;
    HubRun& operator=(const HubRun&) = delete;
    ~HubRun() {
        if (!served_ && hub_.accepts()) {
            core_.acceptor_ended();
        }
        core_.hub_ended();
    }
    void serve() {
        served_ = true;
        hub_.serve();
    }

private:
    ServerCore& core_;
    ServerHub& hub_;
    bool served_ = false;
};

bool ServerCore::start() {
    State before = State::fresh;
    if (!state_.compare_exchange_strong(before, State::running)) {
        return before != State::stopped;
    }
    try {
        make_hubs();
        start_hubs();
    } catch (...) {
        const Shield shield;
        request_stop(Duration::zero());
        acceptor_ended();
        hub_ended();
        wait_until_stopped();
        hubs_.clear();
        throw;
    }
    acceptor_ended();
    hub_ended();
    return true;
}

void ServerCore::make_hubs() {
    const int original = listener_->descriptor.fd();
    if (options_.hubs > 1 && shares_port_) {
        // It is bound already, without this option: so the port was free. From now
        // on it is shared.
        set_socket_option(original, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    hubs_.push_back(std::make_unique<ServerHub>(*this, std::move(listener_)));
    while (hubs_.size() < options_.hubs) {
        hubs_.push_back(
            std::make_unique<ServerHub>(*this, shares_port_ ? clone_listener(original) : nullptr));
    }
}

std::unique_ptr<SocketState> ServerCore::clone_listener(int original) const {
    net::ListenOptions options;
    options.reuse_port = true;
    options.reuse_address = socket_option(original, SOL_SOCKET, SO_REUSEADDR) != 0;
    options.no_delay = socket_option(original, IPPROTO_TCP, TCP_NODELAY) != 0;
    options.v6_only =
        endpoint_.family() == AF_INET6 && socket_option(original, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
    return std::make_unique<SocketState>(open_tcp_listener(endpoint_, options));
}

void ServerCore::start_hubs() {
    for (std::size_t index = 1; index < hubs_.size(); ++index) {
        start_thread(*hubs_[index]);
    }
    hubs_.front()->set_hub(this_hub());
    first_ = spawn(SpawnOptions{.name = "server " + endpoint_.to_string()},
                   [run = std::make_unique<HubRun>(*this, *hubs_.front())] { run->serve(); });
}

void ServerCore::start_thread(ServerHub& hub) {
    struct Start {
        Event standing;
        std::exception_ptr failure;
    };
    auto start = std::make_shared<Start>();
    auto body = [&hub, start, run = std::make_shared<HubRun>(*this, hub)] {
        try {
            weft::run([&] {
                hub.set_hub(this_hub());
                start->standing.set();
                run->serve();
            });
        } catch (...) {
            start->failure = std::current_exception();
            start->standing.set();
        }
    };
    threads_.push_back(start_helper_thread(std::move(body)));
    start->standing.wait();
    if (start->failure) {
        std::rethrow_exception(start->failure);
    }
}

void ServerCore::request_stop(Deadline deadline) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) {
            return;
        }
        stopping_ = true;
        stop_deadline_ = deadline;
        if (stop_deadline_.is_relative()) {
            stop_deadline_.fix(now());
        }
    }
    State before = State::fresh;
    if (state_.compare_exchange_strong(before, State::stopped)) {
        listener_.reset();
        all_ended_.set();
        return;
    }
    stop_requested_.set();
}

void ServerCore::wait_until_stopped() {
    all_ended_.wait();
    // What is left of each thread is its way out.
    const std::scoped_lock lock(join_mutex_);
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

void ServerCore::rethrow_failure() const {
    const std::scoped_lock lock(mutex_);
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

std::size_t ServerCore::connections() const noexcept {
    std::size_t sum = 0;
    if (running()) {
        for (const auto& hub : hubs_) {
            sum += hub->connections();
        }
    }
    return sum;
}

Deadline ServerCore::stop_deadline() const {
    const std::scoped_lock lock(mutex_);
    return stop_deadline_;
}

void ServerCore::acceptor_ended() noexcept {
    if (acceptors_left_.fetch_sub(1) == 1) {
        acceptors_ended_.set();
    }
}

void ServerCore::hub_ended() noexcept {
    if (hubs_left_.fetch_sub(1) == 1) {
        state_.store(State::stopped);
        all_ended_.set();
    }
}

ServerHub& ServerCore::next_hub(ServerHub& acceptor) noexcept {
    return shares_port_ ? acceptor : *hubs_[turn_++ % hubs_.size()];
}

void ServerCore::fail(std::exception_ptr error) {
    {
        const std::scoped_lock lock(mutex_);
        if (!failure_) {
            failure_ = std::move(error);
        }
    }
    request_stop(std::chrono::seconds(1));
}

void ServerCore::report_shortage(int error, const std::string& what) {
    {
        const std::scoped_lock lock(mutex_);
        const TimePoint time = now();
        if (time < next_report_) {
            return;
        }
        next_report_ = time + report_interval;
    }
    const std::string text = describe_error(error, what) + "; the server pauses and tries again";
    if (options_.report) {
        options_.report(text);
    } else {
        warn("%s", text.c_str());
    }
}

}  // namespace weft::impl
