// The event loop of the raw generator: edge-triggered, one recv, one send and one clock read per reply.
#include "generator.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::bench {
namespace {

constexpr std::size_t max_events = 64;
constexpr std::uint64_t stalled_after_ns = 1'000'000'000;

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

Generator::Generator(const Options& options)
    : options_(options), buffer_(Pattern::longest_piece), poller_(epoll_create1(EPOLL_CLOEXEC)) {
    if (poller_ < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
    connections_.reserve(options.connections + 1);
    unfinished_.reserve(options.connections + 1);
}

Generator::~Generator() {
    for (const Connection& connection : connections_) {
        if (connection.fd >= 0) {
            close_with_reset(connection.fd);
        }
    }
    for (const int fd : idle_) {
        close_with_reset(fd);
    }
    close(poller_);
}

bool Generator::open(std::size_t stream, bool idle, std::size_t message_bytes, std::size_t depth) {
    Error error = Error::other;
    const int fd = connect_and_echo_once(options_, pattern_, error);
    if (fd < 0) {
        ++result_.errors[static_cast<std::size_t>(error)];
        return false;
    }
    ++result_.echoes_in_all;
    if (idle) {
        idle_.push_back(fd);
        return true;
    }
    Connection& connection = connections_.emplace_back(fd, stream, message_bytes, depth);
    // Registered once, for both directions: no epoll_ctl while the load runs.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &connection;
    if (epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
    ++alive_;
    return true;
}

bool Generator::connect() {
    bool all = true;
    for (std::size_t i = 0; all && i < options_.idle; ++i) {
        all = open(i, true, 0, 0);
    }
    for (std::size_t i = 0; all && i < options_.connections; ++i) {
        all = open(i, false, options_.message_bytes, options_.depth);
    }
    if (all && options_.hog) {
        all = open(options_.connections, false, options_.hog_bytes, options_.hog_depth);
        connections_.back().hog = all;
    }
    return all;
}

void Generator::fail(Connection& connection, Error kind) {
    ++result_.errors[static_cast<std::size_t>(kind)];
    close_with_reset(connection.fd);
    connection.fd = -1;
    --alive_;
}

void Generator::send_budget(Connection& connection) {
    while (connection.budget > 0) {
        const std::size_t size = std::min(connection.budget, Pattern::longest_piece);
        const ssize_t sent = send(connection.fd, pattern_.at(connection.send_place), size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN) {
                fail(connection, error_of_errno(errno));
            }
            return;
        }
        connection.budget -= static_cast<std::size_t>(sent);
        connection.send_place = Pattern::advance(connection.send_place, static_cast<std::size_t>(sent));
    }
}

void Generator::complete(Connection& connection, std::size_t messages, std::uint64_t now_ns) {
    for (std::size_t i = 0; i < messages; ++i) {
        std::uint64_t& sent_at = connection.sent_at[connection.oldest];
        if (!connection.hog) {
            result_.latency_ns.record(now_ns - sent_at);
        }
        sent_at = now_ns;  // of the message that takes its place
        if (++connection.oldest == connection.sent_at.size()) {
            connection.oldest = 0;
        }
    }
    (connection.hog ? result_.hog_messages : result_.requests) += messages;
    connection.budget += messages * connection.message_bytes;
}

void Generator::take_turn(Connection& connection) {
    if (connection.fd < 0) {
        return;
    }
    const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) {
        if (got == 0) {
            fail(connection, Error::closed);
        } else if (errno == EAGAIN) {
            send_budget(connection);
        } else if (errno != EINTR) {
            fail(connection, error_of_errno(errno));
        } else {
            unfinished_.push_back(&connection);
        }
        return;
    }
    auto size = static_cast<std::size_t>(got);
    if (!pattern_.matches(connection.receive_place, buffer_.data(), size)) {
        fail(connection, Error::corrupted);
        return;
    }
    connection.receive_place = Pattern::advance(connection.receive_place, size);
    if (size == buffer_.size()) {
        unfinished_.push_back(&connection);
    }
    std::size_t messages = 0;
    if (size >= connection.missing) {
        size -= connection.missing;
        messages = 1 + size / connection.message_bytes;
        connection.missing = connection.message_bytes;
        size %= connection.message_bytes;
    }
    connection.missing -= size;
    if (messages > 0) {
        complete(connection, messages, monotonic_ns());
    }
    send_budget(connection);
}

void Generator::run_until(std::uint64_t deadline_ns) {
    std::array<epoll_event, max_events> events;
    std::vector<Connection*> again;
    while (alive_ > 0) {
        const std::uint64_t now = monotonic_ns();
        if (now >= deadline_ns) {
            return;
        }
        const auto left_ms = static_cast<int>((deadline_ns - now) / 1'000'000 + 1);
        const int count = epoll_wait(poller_, events.data(), static_cast<int>(events.size()),
                                     unfinished_.empty() ? std::min(left_ms, 100) : 0);
        again.swap(unfinished_);
        for (int i = 0; i < count; ++i) {
            take_turn(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
        for (Connection* connection : again) {
            take_turn(*connection);
        }
        again.clear();
    }
}

// What never came back is not in the histogram, so it has to be said.
void Generator::check_those_left() {
    const std::uint64_t now = monotonic_ns();
    for (const Connection& connection : connections_) {
        if (connection.fd >= 0 && now - connection.sent_at[connection.oldest] > stalled_after_ns) {
            ++result_.errors[static_cast<std::size_t>(Error::stalled)];
        }
    }
    for (const int fd : idle_) {
        char byte = 0;
        const ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (got >= 0 || errno != EAGAIN) {
            const Error kind = got > 0 ? Error::corrupted : got == 0 ? Error::closed : error_of_errno(errno);
            ++result_.errors[static_cast<std::size_t>(kind)];
        }
    }
}

void Generator::run() {
    const std::uint64_t begin = monotonic_ns();
    for (Connection& connection : connections_) {
        std::fill(connection.sent_at.begin(), connection.sent_at.end(), begin);
        send_budget(connection);
    }
    run_until(begin + nanoseconds(options_.warmup));
    result_.echoes_in_all += result_.requests + result_.hog_messages;
    result_.requests = 0;
    result_.hog_messages = 0;
    result_.latency_ns.reset();

    const ServerTime server_before = server_time(options_.server_pids);
    const std::uint64_t own_before = own_cpu_ns();
    const std::uint64_t start = monotonic_ns();
    run_until(start + nanoseconds(options_.seconds));
    const std::uint64_t end = monotonic_ns();
    result_.own_cpu_ns = own_cpu_ns() - own_before;
    const ServerTime server_after = server_time(options_.server_pids);

    result_.server.cpu_ns = server_after.cpu_ns - server_before.cpu_ns;
    result_.server.user_ticks = server_after.user_ticks - server_before.user_ticks;
    result_.server.system_ticks = server_after.system_ticks - server_before.system_ticks;
    result_.seconds = static_cast<double>(end - start) / 1e9;
    result_.echoes_in_all += result_.requests + result_.hog_messages;
    check_those_left();
}

}  // namespace weft::bench
