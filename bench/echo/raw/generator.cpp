// The event loop of the raw generator: edge-triggered, one recv, one send and one clock read per reply.
#include "generator.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::bench {
namespace {

constexpr std::size_t max_events = 64;
constexpr std::uint64_t drain_limit_ns = 2'000'000'000;
constexpr std::uint64_t disturbed_part = 50;  // one part in so many of a slice spent waiting for a processor

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
    elapsed_ns += other.elapsed_ns;
    requests += other.requests;
    hog_messages += other.hog_messages;
    own_cpu_ns += other.own_cpu_ns;
    own_wait_ns += other.own_wait_ns;
    server_wait_ns += other.server_wait_ns;
    server.cpu_ns += other.server.cpu_ns;
    server.user_ticks += other.server.user_ticks;
    server.system_ticks += other.server.system_ticks;
    return *this;
}

void Measured::add(const Tally& slice, const Histogram& latencies) {
    sum += slice;
    latency_ns.merge(latencies);
    ++slices;
}

std::uint64_t Result::error_count() const {
    return std::accumulate(errors.begin(), errors.end(), std::uint64_t{0});
}

Generator::Generator(const Options& options, const Target& target, const Pattern& pattern)
    : options_(options),
      target_(target),
      pattern_(pattern),
      buffer_(Pattern::longest_piece),
      wanted_ns_(nanoseconds(options.seconds)),
      poller_(epoll_create1(EPOLL_CLOEXEC)) {
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
    const int fd = connect_and_echo_once(target_, pattern_, error);
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
    return true;
}

bool Generator::connect() {
    bool all = true;
    for (std::size_t i = 0; all && i < target_.idle; ++i) {
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
    connection.in_flight = 0;
    --busy_;
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
        if (measuring_ && !connection.hog) {
            latency_now_ns_.record(now_ns - sent_at);
        }
        sent_at = now_ns;  // of the message that takes its place
        if (++connection.oldest == connection.sent_at.size()) {
            connection.oldest = 0;
        }
    }
    (connection.hog ? now_.hog_messages : now_.requests) += messages;
    if (!draining_) {
        connection.budget += messages * connection.message_bytes;
        return;
    }
    connection.in_flight -= messages;
    if (connection.in_flight == 0) {
        --busy_;
    }
}

void Generator::receive(Connection& connection, std::size_t size) {
    if (connection.in_flight == 0 || !pattern_.matches(connection.receive_place, buffer_.data(), size)) {
        busy_ += connection.in_flight == 0;
        fail(connection, Error::corrupted);
        return;
    }
    connection.receive_place = Pattern::advance(connection.receive_place, size);
    if (size == buffer_.size()) {
        unfinished_.push_back(&connection);
    }
    if (size >= connection.missing) {
        size -= connection.missing;
        complete(connection, 1 + size / connection.message_bytes, monotonic_ns());
        connection.missing = connection.message_bytes;
        size %= connection.message_bytes;
    }
    connection.missing -= size;
    send_budget(connection);
}

void Generator::take_turn(Connection& connection) {
    if (connection.fd < 0) {
        return;
    }
    const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (got > 0) {
        receive(connection, static_cast<std::size_t>(got));
    } else if (got < 0 && errno == EAGAIN) {
        send_budget(connection);
    } else if (got < 0 && errno == EINTR) {
        unfinished_.push_back(&connection);
    } else {
        busy_ += connection.in_flight == 0;
        fail(connection, got == 0 ? Error::closed : error_of_errno(errno));
    }
}

void Generator::run_until(std::uint64_t deadline_ns) {
    std::array<epoll_event, max_events> events;
    std::vector<Connection*> again;
    while (busy_ > 0) {
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

void Generator::begin_all() {
    const std::uint64_t begin = monotonic_ns();
    for (Connection& connection : connections_) {
        if (connection.fd < 0) {
            continue;
        }
        const std::size_t depth = connection.sent_at.size();
        std::fill(connection.sent_at.begin(), connection.sent_at.end(), begin);
        connection.in_flight = depth;
        connection.budget = depth * connection.message_bytes;
        ++busy_;
        send_budget(connection);
    }
}

Tally Generator::read_accounts() const {
    Tally accounts;
    accounts.own_wait_ns = waited_for_processor_ns(getpid());
    for (const pid_t pid : target_.pids) {
        accounts.server_wait_ns += waited_for_processor_ns(pid);
    }
    accounts.server = server_time(target_.pids);
    accounts.own_cpu_ns = own_cpu_ns();
    accounts.elapsed_ns = monotonic_ns();
    return accounts;
}

// Who got no reply at all within the slice must not be missing from its latencies.
void Generator::record_starved(std::uint64_t begin_ns, std::uint64_t end_ns) {
    for (const Connection& connection : connections_) {
        const std::uint64_t sent_at = connection.sent_at[connection.oldest];
        if (connection.in_flight > 0 && !connection.hog && sent_at < begin_ns) {
            latency_now_ns_.record(end_ns - sent_at);
        }
    }
}

void Generator::measure(double seconds) {
    result_.echoes_in_all += now_.requests + now_.hog_messages;
    const Tally before = read_accounts();
    now_ = Tally{};
    latency_now_ns_.reset();
    measuring_ = true;
    run_until(before.elapsed_ns + nanoseconds(seconds));
    measuring_ = false;
    const Tally after = read_accounts();
    record_starved(before.elapsed_ns, after.elapsed_ns);
    result_.echoes_in_all += now_.requests + now_.hog_messages;
    now_.elapsed_ns = after.elapsed_ns - before.elapsed_ns;
    now_.own_cpu_ns = after.own_cpu_ns - before.own_cpu_ns;
    now_.own_wait_ns = after.own_wait_ns - before.own_wait_ns;
    // A thread that ended in between takes its share with it.
    now_.server_wait_ns = std::max(after.server_wait_ns, before.server_wait_ns) - before.server_wait_ns;
    now_.server.cpu_ns = after.server.cpu_ns - before.server.cpu_ns;
    now_.server.user_ticks = after.server.user_ticks - before.server.user_ticks;
    now_.server.system_ticks = after.server.system_ticks - before.server.system_ticks;
    result_.all.add(now_, latency_now_ns_);
    if (!options_.repeat_disturbed ||
        std::max(now_.own_wait_ns, now_.server_wait_ns) <= now_.elapsed_ns / disturbed_part) {
        result_.clean.add(now_, latency_now_ns_);
    }
    now_ = Tally{};
}

// What never comes back would be missing from the histogram, so it is said as an error.
void Generator::drain() {
    draining_ = true;
    run_until(monotonic_ns() + drain_limit_ns);
    draining_ = false;
    for (Connection& connection : connections_) {
        if (connection.in_flight > 0) {
            fail(connection, Error::stalled);
        }
    }
    result_.echoes_in_all += now_.requests + now_.hog_messages;
    now_ = Tally{};
}

void Generator::run_slice(double lead_seconds, double seconds) {
    begin_all();
    run_until(monotonic_ns() + nanoseconds(lead_seconds));
    if (seconds > 0) {
        measure(seconds);
    }
    drain();
}

const Measured& Generator::measured() const {
    return result_.clean.sum.elapsed_ns >= wanted_ns_ / 2 ? result_.clean : result_.all;
}

bool Generator::has_enough() const {
    constexpr std::uint64_t rounding_ns = 1000;
    return result_.clean.sum.elapsed_ns + rounding_ns >= wanted_ns_;
}

void Generator::finish() {
    for (const int fd : idle_) {
        char byte = 0;
        const ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (got >= 0 || errno != EAGAIN) {
            const Error kind = got > 0 ? Error::corrupted : got == 0 ? Error::closed : error_of_errno(errno);
            ++result_.errors[static_cast<std::size_t>(kind)];
        }
    }
}

}  // namespace weft::bench
