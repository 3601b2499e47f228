// The test as a whole.
#include "load_test.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "server_process.hpp"

namespace weft::bench {

namespace {

/// So many connections are opened at a time: more would only wait in the server's queue, and overflow it.
constexpr std::uint32_t opening_at_once = 128;

constexpr std::chrono::milliseconds progress_interval{500};

Duration seconds(double value) { return std::chrono::ceil<Duration>(std::chrono::duration<double>(value)); }

}  // namespace

LoadTest::LoadTest(const LoadConfig& config)
    : config_(config), meter_(config), server_pids_(config.server_pids) {}

void LoadTest::run() {
    open_all();
    if (connected_ == 0) {
        throw std::runtime_error(
            fmt::format("no connection to {}: {}", config_.target(), meter_.errors().begin()->first));
    }
    start_all();
    watch();
    end_all();
    server_peak_memory_ = peak_memory(server_pids_);
}

void LoadTest::open_all() {
    Semaphore turns(opening_at_once);
    std::vector<Fiber<>> opening;
    for (std::size_t index = 0; index < config_.connections; ++index) {
        turns.acquire();
        auto& connection =
            *connections_.emplace_back(std::make_unique<Connection>(config_, pattern_, meter_, index));
        opening.push_back(spawn([&connection, &turns, this] {
            connected_ += connection.open() ? 1 : 0;
            turns.release();
        }));
    }
    for (auto& fiber : opening) {
        fiber.join();
    }
    std::erase_if(connections_, [](const auto& connection) { return !connection->is_open(); });
    if (server_pids_.empty() && !connections_.empty()) {
        server_pids_ = listeners_at(connections_.front()->server());
    }
}

void LoadTest::start_all() {
    meter_.begin(now());
    running_ = connections_.size();
    for (const auto& connection : connections_) {
        fibers_.push_back(spawn([&own = *connection, this] {
            struct Leave {
                std::size_t& running;
                ~Leave() { --running; }
            } leave{running_};
            own.run();
        }));
    }
}

void LoadTest::watch() {
    sleep_until(meter_.measure_begin());
    before_ = read_accounts();
    const Duration interval = std::clamp<Duration>(seconds(config_.seconds / 40),
                                                   std::chrono::milliseconds(100), std::chrono::seconds(5));
    TimePoint next = meter_.measure_begin();
    TimePoint next_line = next + progress_interval;
    while (running_ > 0 && now() < meter_.end()) {
        next = std::min(next + interval, meter_.end());
        sleep_until(next);
        const Sample& sample = meter_.sample(now());
        if (now() >= next_line) {
            show_progress(sample);
            next_line += progress_interval;
        }
    }
    after_ = read_accounts();
    meter_.finish(now());
}

void LoadTest::show_progress(const Sample& sample) {
    if (config_.quiet) {
        return;
    }
    line_open_ = ::isatty(STDERR_FILENO) != 0;
    fmt::print(stderr, "{}{:6.1f} s  {:10.0f} requests/s  p50 {:8.1f} us  p99 {:8.1f} us  {} errors{}",
               line_open_ ? "\r" : "", sample.seconds, sample.requests_per_second,
               static_cast<double>(sample.p50_ns) / 1e3, static_cast<double>(sample.p99_ns) / 1e3,
               meter_.error_count(), line_open_ ? "\x1b[K" : "\n");
    std::fflush(stderr);
}

void LoadTest::end_all() {
    // Replies to what is in flight still come, and count.
    const TimePoint limit = now() + seconds(config_.timeout);
    for (auto& fiber : fibers_) {
        try {
            fiber.join(limit);
        } catch (const TimeoutError&) {
            meter_.error("no reply in time");
            fiber.cancel();
            fiber.join();
        }
    }
    meter_.count_the_rest();
    if (line_open_) {
        fmt::print(stderr, "\n");
    }
}

LoadTest::Accounts LoadTest::read_accounts() const {
    return {own_cpu_ns(), monotonic_ns(), server_time(server_pids_)};
}

double LoadTest::own_utilisation() const {
    return static_cast<double>(after_.own_cpu_ns - before_.own_cpu_ns) /
           static_cast<double>(std::max<std::uint64_t>(after_.time_ns - before_.time_ns, 1));
}

double LoadTest::server_cpu_seconds() const {
    return static_cast<double>(after_.server.cpu_ns - before_.server.cpu_ns) / 1e9;
}

double LoadTest::server_user_share() const {
    const auto user = static_cast<double>(after_.server.user_ticks - before_.server.user_ticks);
    const auto system = static_cast<double>(after_.server.system_ticks - before_.server.system_ticks);
    return user + system > 0 ? user / (user + system) : 0;
}

}  // namespace weft::bench
