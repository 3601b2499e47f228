// One connection of the load: sends messages, and verifies what comes back.
#pragma once

#include <weft/net/stream_socket.hpp>
#include <weft/sync/semaphore.hpp>

#include <deque>
#include <exception>
#include <string>
#include <vector>

#include "common/pattern.hpp"
#include "meter.hpp"
#include "options.hpp"

namespace weft::bench {

class Connection {
public:
    Connection(const LoadConfig& config, const Pattern& pattern, Meter& meter, std::size_t index);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Connects; false, with the error counted, where that fails.
    bool open();
    [[nodiscard]] bool is_open() const { return stream_.is_open(); }
    [[nodiscard]] const net::Endpoint& server() const { return stream_.remote_endpoint(); }
    /// Loads the server until the meter says that it is over and all replies have come.
    void run();

private:
    /// Sends as the replies come, in one fiber.
    void run_closed();
    /// Sends in a fiber of its own: by the clock, or messages that are too long to be in flight without a
    /// reader.
    void run_with_sender();
    void send_by_clock();
    void send_in_turn();
    void send_one(TimePoint begun);
    void expect_end();
    void write_messages(std::uint64_t count);
    /// Reads some bytes, verifies them, and returns how many messages they complete.
    std::uint64_t read_and_verify();
    void account_for_unanswered();

    const LoadConfig& config_;
    const Pattern& pattern_;
    Meter& meter_;
    const std::size_t index_;
    net::StreamSocket stream_;
    std::vector<std::byte> buffer_;
    std::deque<TimePoint> in_flight_;  // when each message was sent or due
    Semaphore window_;
    bool sent_all_ = false;
    std::uint64_t next_ = 0;  // open loop: the message of this connection that is due next
    std::size_t write_place_;
    std::size_t read_place_;
    std::size_t read_of_message_ = 0;
};

/// What went wrong, in the words of the report: "connection reset", "timed out", ...
std::string kind_of(const std::exception& error);

}  // namespace weft::bench
