// The load: connections, what flows over them, and what was measured.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "accounting.hpp"
#include "common/histogram.hpp"
#include "common/pattern.hpp"
#include "connection.hpp"
#include "options.hpp"

namespace weft::bench {

struct Result {
    double seconds = 0;
    std::uint64_t requests = 0;
    std::uint64_t hog_messages = 0;
    std::uint64_t echoes_in_all = 0;  // since the first connection, warm-up included
    std::uint64_t own_cpu_ns = 0;
    ServerTime server;  // differences over the measured time
    Histogram latency_ns;
    Errors errors{};
};

class Generator {
public:
    explicit Generator(const Options& options);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// False when not all connections could be made; the result then holds the errors.
    bool connect();
    void run();
    [[nodiscard]] const Result& result() const { return result_; }

private:
    bool open(std::size_t stream, bool idle, std::size_t message_bytes, std::size_t depth);
    void run_until(std::uint64_t deadline_ns);
    void take_turn(Connection& connection);
    void complete(Connection& connection, std::size_t messages, std::uint64_t now_ns);
    void send_budget(Connection& connection);
    void fail(Connection& connection, Error kind);
    void check_those_left();

    const Options& options_;
    const Pattern pattern_;
    std::vector<char> buffer_;
    std::vector<Connection> connections_;  // never grows once it is watched: events point into it
    std::vector<int> idle_;
    std::vector<Connection*> unfinished_;  // had more to read than one turn takes
    Result result_;
    std::size_t alive_ = 0;
    int poller_ = -1;
};

}  // namespace weft::bench
