// Attempts to connect that overlap, so that a silent address delays the others by little (RFC 8305).
#pragma once

#include "net/socket_state.hpp"

#include <weft/core/fiber.hpp>
#include <weft/sync/event.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace weft::impl {

/// How long an attempt has the field to itself: the Connection Attempt Delay that RFC 8305, section 5, recommends.
inline constexpr Duration attempt_delay = std::chrono::milliseconds(250);

/// The addresses of one name, in an order in which the families take turns; the first one stays the first.
void interleave_families(std::vector<net::Endpoint>& endpoints);

/// One race between endpoints, each attempt a fiber. For a fiber of a hub; whichever way its run() is left, the destructor
/// ends the attempts that are under way and closes their sockets.
class ConnectRace {
public:
    explicit ConnectRace(std::span<const net::Endpoint> endpoints) noexcept : endpoints_(endpoints) {}
    ConnectRace(const ConnectRace&) = delete;
    ConnectRace& operator=(const ConnectRace&) = delete;
    ~ConnectRace() = default;

    /// The first connection; null where all attempts have failed or the deadline has passed.
    std::unique_ptr<SocketState> run(Deadline& deadline);

    /// How many attempts have begun: the first of the endpoints.
    [[nodiscard]] std::size_t begun() const noexcept { return attempts_.size() + (no_room_ != 0 ? 1 : 0); }
    /// After a run() that gave null: why an attempt has failed, ETIMEDOUT where the deadline has cut it short.
    [[nodiscard]] int error(std::size_t number);
    /// After a run() that gave null: whether the deadline has left something untried.
    [[nodiscard]] bool timed_out() const noexcept;

private:
    bool begin(const net::Endpoint& endpoint);
    int attempt(const net::Endpoint& endpoint);
    bool decided(const Fiber<int>& attempt, Deadline limit);

    std::span<const net::Endpoint> endpoints_;
    std::unique_ptr<SocketState> winner_;
    Event won_;
    int no_room_ = 0;                   ///< an errno value, if the last attempt got no fiber
    std::vector<Fiber<int>> attempts_;  ///< the last member: their fibers use the others, and end here
};

}  // namespace weft::impl
