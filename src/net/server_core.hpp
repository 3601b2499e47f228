// What all hubs of one server share: handler, bound, state.
#pragma once

#include "net/server_hub.hpp"
#include "net/socket_state.hpp"

#include <weft/core/fiber.hpp>
#include <weft/net/server.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace weft::impl {

class ServerCore {
public:
    using Handler = std::function<void(std::unique_ptr<SocketState>)>;

    /// `shares_port`: each hub can have a listener of its own at the same address.
    ServerCore(std::unique_ptr<SocketState> listener, bool shares_port, Handler handler,
               net::ServerOptions options);
    ServerCore(const ServerCore&) = delete;
    ServerCore& operator=(const ServerCore&) = delete;
    ~ServerCore();

    /// False where it has been stopped before.
    bool start();
    void request_stop(Deadline deadline);
    /// Until everything has ended; then also collects the threads.
    void wait_until_stopped();
    /// Throws what made accepting impossible, if something did.
    void rethrow_failure() const;

    const net::Endpoint& endpoint() const noexcept { return endpoint_; }
    bool running() const noexcept { return state_.load() == State::running; }
    std::size_t connections() const noexcept;

    // --- for the hubs' parts ---

    const net::ServerOptions& options() const noexcept { return options_; }
    const Handler& handler() const noexcept { return handler_; }
    /// Null: no bound on connections.
    Semaphore* slots() noexcept { return slots_ ? &*slots_ : nullptr; }
    Event& stop_requested() noexcept { return stop_requested_; }
    Deadline stop_deadline() const;
    void acceptor_ended() noexcept;
    /// Set when no connection will be handed over any more.
    Event& acceptors_ended() noexcept { return acceptors_ended_; }
    /// Who is to have the connection that `acceptor` has accepted.
    ServerHub& next_hub(ServerHub& acceptor) noexcept;
    /// Accepting has become impossible: stops the server, and run() throws it.
    void fail(std::exception_ptr error);
    void report_shortage(int error, const std::string& what);

private:
    enum class State : unsigned char { fresh, running, stopped };

    class HubRun;

    void make_hubs();
    std::unique_ptr<SocketState> clone_listener(int original) const;
    void start_hubs();
    void start_thread(ServerHub& hub);
    void hub_ended() noexcept;

    const Handler handler_;
    const net::ServerOptions options_;
    const bool shares_port_;
    const net::Endpoint endpoint_;
    std::unique_ptr<SocketState> listener_;  // until it starts
    std::optional<Semaphore> slots_;
    std::atomic<State> state_{State::fresh};

    mutable std::mutex mutex_;  // guards the four that follow; never held across a wait
    Deadline stop_deadline_;
    bool stopping_ = false;
    std::exception_ptr failure_;
    TimePoint next_report_{};

    Event stop_requested_;
    Event acceptors_ended_;
    Event all_ended_;
    // Each begins with one for start() itself, so that neither is over before all hubs have been counted.
    std::atomic<std::size_t> acceptors_left_{1};
    std::atomic<std::size_t> hubs_left_{1};
    std::size_t turn_ = 0;  // of the hub that hands over
    std::vector<std::unique_ptr<ServerHub>> hubs_;
    std::mutex join_mutex_;
    std::vector<std::thread> threads_;
    Fiber<> first_;  // the part on the hub that has started the server
};

}  // namespace weft::impl
