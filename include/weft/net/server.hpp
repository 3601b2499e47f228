// A server: accepts connections and runs a handler for each on a fiber of its own.
#pragma once

#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weft::impl {
class ServerCore;
}

namespace weft::net {

struct ServerOptions {
    std::size_t max_connections = 0;  ///< beyond it clients wait in the kernel's queue; 0: no bound
    std::size_t hubs = 1;             ///< OS threads that serve, the one that calls start() included
    std::size_t stack_size = 0;       ///< of the handlers' fibers; 0: the hub's default
    std::string name = "connection";  ///< of the handlers' fibers; the client's address follows it
    /// How long accepting pauses when descriptors, memory or stacks have run out; doubles from pause to
    /// pause.
    Duration min_pause = std::chrono::milliseconds(10);
    Duration max_pause = std::chrono::seconds(1);
    /// Is told of each such shortage, at most once in ten seconds; by default standard error is. Any hub.
    std::function<void(std::string_view)> report = {};
};

/// Accepts connections from a listener and calls the handler for each, on a fiber of its own; the connection
/// closes when the handler returns. An exception that leaves a handler is reported and ends that connection
/// alone.
///
/// With several hubs, a TCP port is shared among them by the kernel (SO_REUSEPORT); of a Unix socket, one hub
/// accepts and hands over in turn. There is one handler object, called on all hubs at the same time.
class WEFT_API Server {
public:
    Server(TcpListener listener, std::function<void(TcpStream)> handler, ServerOptions options = {});
    Server(UnixListener listener, std::function<void(UnixStream)> handler, ServerOptions options = {});
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Stops at once: cancels the handlers and waits for their ends.
    ~Server();

    /// Begins to accept, on this thread's hub and options.hubs - 1 new threads; the fibers here run when the
    /// caller waits. Does nothing for a server that runs.
    ///
    /// Suspends:  until the other hubs stand.
    /// Errors:    std::system_error when a socket, a hub or a thread cannot be made; std::logic_error once
    /// stopped.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void start();

    /// Starts, unless it runs, and waits until the server has been stopped; returns at once where it has been
    /// stopped already.
    ///
    /// Suspends:  until stopped, and all connections have ended.
    /// Cancel:    stops the server at once.
    /// Errors:    std::system_error as start; what made accepting impossible for good.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void run();

    /// Stops: no more clients from now on, except those whose connections stand already; handlers may finish
    /// until the deadline and are cancelled then. Stopping twice does no harm; the first deadline counts. Not
    /// from a handler, which would wait for itself: see request_stop().
    ///
    /// Suspends:  until all handlers have ended.
    /// Cancel:    the server goes on stopping.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void stop(Deadline deadline = std::chrono::seconds(1));

    /// As stop(), without waiting. From anywhere, handlers included.
    void request_stop(Deadline deadline = std::chrono::seconds(1));

    /// Where it listens.
    [[nodiscard]] const Endpoint& endpoint() const noexcept;
    /// Accepting, or stopping with handlers left.
    [[nodiscard]] bool running() const noexcept;
    /// Connections whose handlers have not ended.
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    std::unique_ptr<impl::ServerCore> core_;
};

}  // namespace weft::net
