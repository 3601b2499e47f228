// The test as a whole: opens the connections, loads, samples, and takes account.
#pragma once

#include <weft/core/fiber.hpp>

#include <memory>
#include <optional>
#include <vector>

#include "common/pattern.hpp"
#include "connection.hpp"
#include "meter.hpp"
#include "options.hpp"
#include "raw/accounting.hpp"

namespace weft::bench {

class LoadTest {
public:
    explicit LoadTest(const LoadConfig& config);

    /// Throws std::runtime_error where no connection can be made.
    void run();

    [[nodiscard]] const Meter& meter() const { return meter_; }
    [[nodiscard]] std::size_t connected() const { return connected_; }
    /// 0 to 1: how much of a processor this program has used in the measured time.
    [[nodiscard]] double own_utilisation() const;
    [[nodiscard]] const std::vector<pid_t>& server_pids() const { return server_pids_; }
    /// Of the server, in the measured time.
    [[nodiscard]] double server_cpu_seconds() const;
    [[nodiscard]] double server_user_share() const;
    [[nodiscard]] std::uint64_t server_peak_memory() const { return server_peak_memory_; }

private:
    struct Accounts {
        std::uint64_t own_cpu_ns = 0;
        std::uint64_t time_ns = 0;
        ServerTime server;
    };

    void open_all();
    void start_all();
    void watch();
    void show_progress(const Sample& sample);
    void end_all();
    Accounts read_accounts() const;

    const LoadConfig& config_;
    const Pattern pattern_;
    Meter meter_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Fiber<>> fibers_;
    std::size_t connected_ = 0;
    std::size_t running_ = 0;
    std::vector<pid_t> server_pids_;
    std::uint64_t server_peak_memory_ = 0;
    Accounts before_;
    Accounts after_;
    bool line_open_ = false;
};

}  // namespace weft::bench
