// Addresses that answer as a test wants: connecting to them goes through the table of system calls, to no network.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <weft/base/unique_fd.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/net/address.hpp>

#include "support/sys_override.hpp"

namespace weft::test {

/// One at a time, on virtual time. An address that has no answer is silent for ever.
class FakeNetwork {
public:
    struct Attempt {
        net::Endpoint to;
        Duration begun;  ///< since the network was made
    };

    FakeNetwork() { current_ = this; }
    FakeNetwork(const FakeNetwork&) = delete;
    FakeNetwork& operator=(const FakeNetwork&) = delete;
    ~FakeNetwork() { current_ = nullptr; }

    Duration elapsed() const { return now() - start_; }

    /// Connecting to it takes so long and ends so: 0, or an errno value.
    net::Endpoint answers(const char* address, Duration after, int outcome) {
        const net::Endpoint endpoint = net::Endpoint::parse(address);
        answers_[endpoint.to_string()] = {after, outcome};
        return endpoint;
    }
    /// The call itself fails.
    net::Endpoint refuses(const char* address, int error) {
        return answers(address, Duration::zero(), error);
    }

    /// Whom the program has tried to reach, in this order.
    const std::vector<Attempt>& attempts() const noexcept { return attempts_; }

    /// Those of its sockets that the program has not closed.
    int open_sockets() const {
        int count = 0;
        for (const Wire& wire : wires_) {
            pollfd far{wire.far.get(), 0, 0};
            count += wire.far && ::poll(&far, 1, 0) == 0 ? 1 : 0;  // a pipe without readers has an error
        }
        return count;
    }

private:
    struct Answer {
        Duration after;
        int outcome;
    };
    /// A socket that waits is the reading end of a pipe: it is never writable, but has news once the other end closes.
    struct Wire {
        int near;
        int outcome;
        UniqueFd far;
        Fiber<> answer = {};
    };

    static int connect(int fd, const sockaddr* peer, socklen_t size) {
        return current_->begin(fd, net::Endpoint::from(peer, size));
    }

    int begin(int fd, const net::Endpoint& to) {
        attempts_.push_back({to, elapsed()});
        const auto known = answers_.find(to.to_string());
        if (known != answers_.end() && known->second.after == Duration::zero()) {
            errno = known->second.outcome;
            return errno == 0 ? 0 : -1;
        }
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        EXPECT_EQ(::dup3(ends[0], fd, O_CLOEXEC), fd);
        ::close(ends[0]);
        Wire& wire = wires_.emplace_back(Wire{fd, 0, UniqueFd(ends[1])});
        if (known != answers_.end()) {
            wire.outcome = known->second.outcome;
            wire.answer = spawn_later(known->second.after, [&wire] { wire.far.reset(); });
        }
        errno = EINPROGRESS;
        return -1;
    }

    static int getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
        if (level != SOL_SOCKET || name != SO_ERROR) {
            return ::getsockopt(fd, level, name, value, size);
        }
        for (auto wire = current_->wires_.rbegin(); wire != current_->wires_.rend(); ++wire) {
            if (wire->near == fd) {  // the latest: numbers are used again
                *static_cast<int*>(value) = wire->outcome;
                return 0;
            }
        }
        return ::getsockopt(fd, level, name, value, size);
    }

    static inline FakeNetwork* current_ = nullptr;

    const TimePoint start_ = now();
    std::map<std::string, Answer> answers_;
    std::vector<Attempt> attempts_;
    std::deque<Wire> wires_;  ///< they stay where they are
    impl::SysOverride<int (*)(int, const sockaddr*, socklen_t)> connect_{&impl::Sys::connect,
                                                                         &FakeNetwork::connect};
    impl::SysOverride<int (*)(int, int, int, void*, socklen_t*)> getsockopt_{&impl::Sys::getsockopt,
                                                                             &FakeNetwork::getsockopt};
};

}  // namespace weft::test
