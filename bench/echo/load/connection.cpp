// One connection of the load.
#include "connection.hpp"

#include <weft/core/fiber.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace weft::bench {

namespace {

/// So much may be in flight without a reader: the kernel's buffers hold it, and nobody waits for the other
/// for ever.
constexpr std::size_t safe_in_flight = 64 * 1024;

/// How long replies are waited for after the end.
constexpr std::chrono::seconds drain_limit{2};

struct Mismatch : std::runtime_error {
    Mismatch() : std::runtime_error("wrong bytes") {}
};

Duration seconds(double value) { return std::chrono::ceil<Duration>(std::chrono::duration<double>(value)); }

}  // namespace

std::string kind_of(const std::exception& error) {
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        return system->code() == Errc::end_of_stream ? "closed by the server" : system->code().message();
    }
    return error.what();
}

Connection::Connection(const LoadConfig& config, const Pattern& pattern, Meter& meter, std::size_t index)
    : config_(config),
      pattern_(pattern),
      meter_(meter),
      index_(index),
      buffer_(std::min(config.size * config.depth, safe_in_flight)),
      window_(static_cast<std::uint32_t>(config.depth)),
      write_place_(Pattern::start_of(index)),
      read_place_(write_place_) {}

bool Connection::open() {
    try {
        const Deadline deadline = seconds(config_.timeout);
        if (config_.unix_path.empty()) {
            stream_ = net::TcpStream::connect(config_.target(), deadline);
        } else {
            stream_ = net::UnixStream::connect(config_.unix_path, deadline);
        }
        stream_.set_read_timeout(deadline);
        stream_.set_write_timeout(deadline);
        return true;
    } catch (const std::exception& error) {
        meter_.error("connect: " + kind_of(error));
        return false;
    }
}

void Connection::run() {
    try {
        if (config_.open_loop() || config_.size * config_.depth > safe_in_flight) {
            run_with_sender();
        } else {
            run_closed();
        }
    } catch (const std::exception& error) {
        meter_.error(kind_of(error));
    }
    account_for_unanswered();
    stream_.close();
}

void Connection::run_closed() {
    std::uint64_t replies = config_.depth;
    for (;;) {
        const TimePoint begun = now();
        const std::uint64_t allowed = meter_.take_tickets(replies, begun);
        write_messages(allowed);
        in_flight_.insert(in_flight_.end(), allowed, begun);
        if (in_flight_.empty()) {
            break;
        }
        do {
            replies = read_and_verify();
        } while (replies == 0);
    }
    stream_.shutdown_write();
    expect_end();
}

void Connection::run_with_sender() {
    stream_.set_read_timeout(never);  // there may be nothing to wait for yet
    auto sender = spawn([this] {
        config_.open_loop() ? send_by_clock() : send_in_turn();
        // The server sends back what it has, and then ends its half: that is how the reader learns of the
        // end.
        stream_.shutdown_write();
        sent_all_ = true;
    });
    while (!sent_all_ || !in_flight_.empty()) {
        if (const std::uint64_t replies = read_and_verify(); replies > 0) {
            window_.release(static_cast<std::uint32_t>(replies));
        } else if (sent_all_ && in_flight_.empty()) {
            return;
        }
    }
    sender.get();
    expect_end();
}

void Connection::send_by_clock() {
    const double interval = 1 / config_.rate;
    const auto step = static_cast<double>(config_.connections);
    const TimePoint give_up =
        meter_.end() == TimePoint::max() ? TimePoint::max() : meter_.end() + drain_limit;
    while (!meter_.finished()) {
        const double offset = (static_cast<double>(index_) + static_cast<double>(next_) * step) * interval;
        const TimePoint due = meter_.start() + seconds(offset);
        if (due >= meter_.end()) {
            return;
        }
        sleep_until(due);
        // Late messages are sent all the same, and count from when they were due.
        if (now() >= give_up || !window_.try_acquire_until(give_up)) {
            return;
        }
        if (due >= meter_.measure_begin() && meter_.take_tickets(1, due) == 0) {
            return;
        }
        ++next_;
        send_one(due);
    }
}

void Connection::send_in_turn() {
    for (;;) {
        window_.acquire();
        const TimePoint begun = now();
        if (meter_.take_tickets(1, begun) == 0) {
            return;
        }
        send_one(begun);
    }
}

void Connection::send_one(TimePoint begun) {
    in_flight_.push_back(begun);
    write_messages(1);
}

void Connection::expect_end() {
    std::byte rest[1];
    if (stream_.read_some(rest) != 0) {
        throw std::runtime_error("more bytes than were sent");
    }
}

void Connection::write_messages(std::uint64_t count) {
    for (std::size_t left = count * config_.size; left > 0;) {
        const std::size_t piece = std::min(left, Pattern::longest_piece);
        stream_.write_all({pattern_.at(write_place_), piece});
        write_place_ = Pattern::advance(write_place_, piece);
        left -= piece;
    }
}

std::uint64_t Connection::read_and_verify() {
    const std::size_t size = stream_.read_some(buffer_);
    if (size == 0) {
        if (sent_all_ && in_flight_.empty()) {
            return 0;  // nothing was to come
        }
        throw EndOfStream("read a reply");
    }
    if (!pattern_.matches(read_place_, reinterpret_cast<const char*>(buffer_.data()), size)) {
        throw Mismatch();
    }
    read_place_ = Pattern::advance(read_place_, size);
    read_of_message_ += size;
    const std::uint64_t complete = read_of_message_ / config_.size;
    if (complete == 0) {
        return 0;
    }
    read_of_message_ %= config_.size;
    if (complete > in_flight_.size()) {
        throw Mismatch();
    }
    const TimePoint time = now();
    for (std::uint64_t reply = 0; reply < complete; ++reply) {
        meter_.record(in_flight_.front(), time);
        in_flight_.pop_front();
    }
    return complete;
}

void Connection::account_for_unanswered() {
    if (!config_.open_loop()) {
        return;
    }
    const TimePoint time = now();
    for (const TimePoint due : in_flight_) {
        meter_.record_unanswered(due, time);
    }
    const double interval = 1 / config_.rate;
    for (;; ++next_) {
        const auto step = static_cast<double>(config_.connections);
        const TimePoint due =
            meter_.start() +
            seconds((static_cast<double>(index_) + static_cast<double>(next_) * step) * interval);
        if (due >= meter_.end() || due >= time) {
            return;
        }
        meter_.record_unanswered(due, time);
    }
}

}  // namespace weft::bench
