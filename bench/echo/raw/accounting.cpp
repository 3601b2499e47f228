// CPU time of this process and of others.
#include "accounting.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace weft::bench {
namespace {

std::uint64_t read_clock(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void add_ticks(pid_t pid, ServerTime& time) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) {
        return;
    }
    std::istringstream fields(line.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) {
        fields >> skipped;
    }
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    fields >> user >> system;
    time.user_ticks += user;
    time.system_ticks += system;
}

}  // namespace

std::uint64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }

std::uint64_t own_cpu_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

ServerTime server_time(const std::vector<pid_t>& pids) {
    ServerTime time;
    for (const pid_t pid : pids) {
        clockid_t clock{};
        if (clock_getcpuclockid(pid, &clock) == 0) {
            time.cpu_ns += read_clock(clock);
            add_ticks(pid, time);
        }
    }
    return time;
}

std::uint64_t waited_for_processor_ns(pid_t pid) {
    std::uint64_t sum = 0;
    std::size_t threads = 0;
    std::error_code error;
    const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
    for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end;
         task.increment(error)) {
        std::ifstream file(task->path() / "schedstat");
        std::uint64_t ran = 0;
        std::uint64_t waited = 0;
        if (file >> ran >> waited) {
            sum += waited;
        }
        ++threads;
    }
    return threads > 1 ? 0 : sum;
}

}  // namespace weft::bench
