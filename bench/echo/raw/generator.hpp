// The load on one server: connections, what flows over them, and what was measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "accounting.hpp"
#include "common/histogram.hpp"
#include "common/pattern.hpp"
#include "connection.hpp"
#include "options.hpp"

namespace weft::bench {

/// What was measured in one slice, or in all of them together.
struct Tally {
    std::uint64_t elapsed_ns = 0;
    std::uint64_t requests = 0;
    std::uint64_t hog_messages = 0;
    std::uint64_t own_cpu_ns = 0;
    std::uint64_t own_wait_ns = 0;
    std::uint64_t server_wait_ns = 0;
    ServerTime server;

    Tally& operator+=(const Tally& other);
};

/// The sum of slices.
struct Measured {
    Tally sum;
    Histogram latency_ns;
    std::size_t slices = 0;

    void add(const Tally& slice, const Histogram& latencies);
};

struct Result {
    Measured clean;  // slices that no other program has disturbed
    Measured all;
    Errors errors{};
    std::uint64_t echoes_in_all = 0;  // since the first connection, what was not measured included

    [[nodiscard]] std::uint64_t error_count() const;
};

class Generator {
public:
    Generator(const Options& options, const Target& target, const Pattern& pattern);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// False when not all connections could be made; the result then holds the errors.
    bool connect();
    /// Loads the server, measures after the lead, and waits for the last replies: between slices the server is idle.
    void run_slice(double lead_seconds, double seconds);
    /// Counts what an end of the load brings to light.
    void finish();
    [[nodiscard]] const Target& target() const { return target_; }
    [[nodiscard]] const Result& result() const { return result_; }
    /// What counts: the clean slices, unless they are too few to say anything.
    [[nodiscard]] const Measured& measured() const;
    [[nodiscard]] bool has_enough() const;

private:
    bool open(std::size_t stream, bool idle, std::size_t message_bytes, std::size_t depth);
    void begin_all();
    void measure(double seconds);
    void record_starved(std::uint64_t begin_ns, std::uint64_t end_ns);
    void drain();
    Tally read_accounts() const;
    void run_until(std::uint64_t deadline_ns);
    void take_turn(Connection& connection);
    void receive(Connection& connection, std::size_t size);
    void complete(Connection& connection, std::size_t messages, std::uint64_t now_ns);
    void send_budget(Connection& connection);
    void fail(Connection& connection, Error kind);

    const Options& options_;
    const Target& target_;
    const Pattern& pattern_;
    std::vector<char> buffer_;
    std::vector<Connection> connections_;  // never grows once it is watched: events point into it
    std::vector<int> idle_;
    std::vector<Connection*> unfinished_;  // had more to read than one turn takes
    Result result_;
    Tally now_;
    Histogram latency_now_ns_;
    std::uint64_t wanted_ns_;
    std::size_t busy_ = 0;  // connections with messages in flight
    bool measuring_ = false;
    bool draining_ = false;
    int poller_ = -1;
};

}  // namespace weft::bench
