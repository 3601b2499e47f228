// A server's part on one hub: its acceptor, and the connections that live there.
#pragma once

#include "net/socket_state.hpp"

#include <weft/core/fiber.hpp>
#include <weft/sync/event.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace weft::impl {

class ServerCore;

class ServerHub {
public:
    /// `listener` null: connections are handed over by another hub.
    ServerHub(ServerCore& core, std::unique_ptr<SocketState> listener);
    ServerHub(const ServerHub&) = delete;
    ServerHub& operator=(const ServerHub&) = delete;

    bool accepts() const noexcept { return accepts_; }

    /// Which hub this is the part on; before serve(), and before others hand over.
    void set_hub(HubRef hub) noexcept { hub_ = hub; }

    /// Serves until the server stops; then drains the queue, closes the listener, waits for the handlers
    /// until the deadline, cancels what is left and waits for it. On the hub's thread.
    void serve();

    /// Starts the handler for a connection on this hub; any thread. Throws std::system_error or
    /// std::bad_alloc where there is no room for its fiber, with the connection closed.
    void adopt(std::unique_ptr<SocketState> stream);

    std::size_t connections() const noexcept { return live_.load(std::memory_order_relaxed); }

private:
    /// A running handler, in the ring of its hub; lives on the handler's stack.
    struct Connection {
        FiberRef fiber;
        Connection* prev;
        Connection* next;
    };
    enum class Accepted { one, none, lost, shortage };

    Fiber<> start_acceptor();
    void accept_for_ever();
    /// Takes a connection that stands already, if there is one. Throws std::system_error for a listener that
    /// is of no use any more.
    Accepted accept_one();
    std::unique_ptr<SocketState> try_accept(int& error);
    Accepted hand_over(std::unique_ptr<SocketState> stream);
    void pause();
    void drain() noexcept;
    void handle(std::unique_ptr<SocketState> stream);
    void end_one() noexcept;
    void wait_for_handlers();

    ServerCore& core_;
    std::unique_ptr<SocketState> listener_;
    const bool accepts_;
    HubRef hub_;
    Connection ring_;                   // its head
    std::atomic<std::size_t> live_{0};  // counts up on the accepting hub, down on this one
    bool ending_ = false;               // the handler that ends last has to say so
    bool refusing_ = false;             // the deadline has passed: handlers that have not begun never do
    Event all_ended_;
    Duration next_pause_;
    bool paused_ = false;
    Event room_;  // set when a connection ends while accepting is paused
};

}  // namespace weft::impl
