// Attempts to connect that overlap, so that a silent address delays the others by little (RFC 8305).
#include "net/connect_race.hpp"

#include "net/connect.hpp"

#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weft::impl {

void interleave_families(std::vector<net::Endpoint>& endpoints) {
    if (endpoints.size() < 3) {
        return;
    }
    const int family = endpoints.front().family();
    const auto second = std::stable_partition(
        endpoints.begin(), endpoints.end(),
        [family](const net::Endpoint& endpoint) { return endpoint.family() == family; });
    std::vector<net::Endpoint> woven;
    woven.reserve(endpoints.size());
    for (auto one = endpoints.begin(), other = second; one != second || other != endpoints.end();) {
        if (one != second) {
            woven.push_back(*one++);
        }
        if (other != endpoints.end()) {
            woven.push_back(*other++);
        }
    }
    endpoints = std::move(woven);
}

std::unique_ptr<SocketState> ConnectRace::run(Deadline& deadline) {
    TimePoint start = now();
    deadline.fix(start);
    const TimePoint end = deadline.resolve(start);
    attempts_.reserve(endpoints_.size());
    for (const net::Endpoint& endpoint : endpoints_) {
        if (!begin(endpoint)) {
            break;
        }
        const bool won = decided(attempts_.back(), std::min(end, start + attempt_delay));
        start = now();
        if (won || start >= end) {
            break;
        }
    }
    // Together with the end of each attempt in turn: once all have ended, nobody can win any more.
    for (const Fiber<int>& each : attempts_) {
        if (decided(each, end) || !each.ready()) {
            break;
        }
    }
    return std::move(winner_);
}

bool ConnectRace::timed_out() const noexcept {
    return (begun() < endpoints_.size() && no_room_ == 0) ||
           !std::ranges::all_of(attempts_, &Fiber<int>::ready);
}

int ConnectRace::error(std::size_t number) {
    if (number == attempts_.size()) {
        return no_room_;
    }
    return attempts_[number].ready() ? attempts_[number].get() : ETIMEDOUT;
}

/// Without room for its fiber the attempt is the last one, and has failed; those under way may still win.
bool ConnectRace::begin(const net::Endpoint& endpoint) {
    try {
        attempts_.push_back(spawn({.name = "connect"}, [this, &endpoint] { return attempt(endpoint); }));
        return true;
    } catch (const std::system_error& failure) {
        no_room_ = failure.code().value();
        return false;
    }
}

/// In its fiber. It has no deadline of its own: where that of the race passes, the attempt is cancelled.
int ConnectRace::attempt(const net::Endpoint& endpoint) {
    Deadline unlimited;
    int error = 0;
    auto state = connect_stream(endpoint, unlimited, error);
    if (state && !won_.is_set()) {
        winner_ = std::move(state);
        won_.set();
    }
    return error;
}

/// Waits until somebody has won, the attempt has ended or the limit has passed; whether somebody has won.
bool ConnectRace::decided(const Fiber<int>& attempt, Deadline limit) {
    static_cast<void>(wait({won_, attempt}, 1, limit));
    return won_.is_set();
}

}  // namespace weft::impl
