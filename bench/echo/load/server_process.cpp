// The server as a process of this machine.
#include "server_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/core/run.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

extern char** environ;

namespace weft::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view listening = "0A";  // TCP_LISTEN in /proc/net/tcp

void add_tcp_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);  // the headings
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >>
            inode;
        const auto colon = local.rfind(':');
        if (state == listening && colon != std::string::npos &&
            std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) {
            inodes.insert("socket:[" + inode + "]");
        }
    }
}

void add_unix_inodes(const std::string& path, std::set<std::string>& inodes) {
    std::ifstream file("/proc/net/unix");
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string number, references, protocol, flags, type, state, inode, name;
        fields >> number >> references >> protocol >> flags >> type >> state >> inode >> name;
        if (name == path && flags == "00010000") {  // listens
            inodes.insert("socket:[" + inode + "]");
        }
    }
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& inodes) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
        const fs::path target = fs::read_symlink(entry.path(), error);
        if (!error && inodes.contains(target.string())) {
            return true;
        }
    }
    return false;
}

std::optional<pid_t> as_pid(const std::string& name) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc() && end == name.data() + name.size() ? std::optional(pid) : std::nullopt;
}

/// The number at the beginning of the line that `marks` occurs in; perf separates by commas.
std::optional<std::uint64_t> number_before(const std::string& file_name, std::string_view marks) {
    std::ifstream file(file_name);
    std::string line;
    while (std::getline(file, line)) {
        if (line.find(marks) == std::string::npos) {
            continue;
        }
        std::istringstream fields(line);
        // strace's last line: percent, seconds, usecs/call, calls, [errors,] "total".
        std::string percent, seconds, per_call;
        std::uint64_t count = 0;
        if (marks == "total" && fields >> percent >> seconds >> per_call >> count) {
            return count;
        }
        if (marks != "total" && fields >> count) {
            return count;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<pid_t> listeners_at(const net::Endpoint& endpoint) {
    std::set<std::string> inodes;
    if (endpoint.is_unix()) {
        add_unix_inodes(endpoint.path(), inodes);
    } else if (endpoint.address().is_loopback()) {
        add_tcp_inodes("/proc/net/tcp", endpoint.port(), inodes);
        add_tcp_inodes("/proc/net/tcp6", endpoint.port(), inodes);
    }
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const auto pid = as_pid(entry.path().filename().string());
        if (pid && !inodes.empty() && holds_one_of(entry.path(), inodes)) {
            found.push_back(*pid);
        }
    }
    return found;
}

std::uint64_t peak_memory(const std::vector<pid_t>& pids) {
    std::uint64_t sum = 0;
    for (const pid_t pid : pids) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/status");
        std::string key;
        std::uint64_t kilobytes = 0;
        while (file >> key) {
            if (key == "VmHWM:" && file >> kilobytes) {
                sum += kilobytes * 1024;
            }
            file.ignore(1 << 12, '\n');
        }
    }
    return sum;
}

SyscallCounter::SyscallCounter(pid_t server) {
    char name[] = "/tmp/weft-echo-load.XXXXXX";
    const int file = ::mkstemp(name);
    if (file < 0) {
        return;
    }
    ::close(file);
    output_ = name;
    const std::string pid = std::to_string(server);
    // perf is much the cheaper, but the kernel seldom lets it; strace says by TracerPid when it has begun.
    start({"perf", "stat", "-x", " ", "-o", output_, "-e", "raw_syscalls:sys_enter", "-p", pid});
    sleep_for(std::chrono::milliseconds(300));
    if (tracer_ > 0 && ::waitpid(tracer_, nullptr, WNOHANG) == 0) {
        return;
    }
    start({"strace", "-c", "-f", "-qq", "-o", output_, "-p", pid});
    for (int turn = 0; turn < 100 && tracer_ > 0 && !traced(server); ++turn) {
        sleep_for(std::chrono::milliseconds(10));
    }
}

SyscallCounter::~SyscallCounter() {
    count();
    if (!output_.empty()) {
        ::unlink(output_.c_str());
    }
}

void SyscallCounter::start(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (::posix_spawnp(&tracer_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
        tracer_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
}

bool SyscallCounter::traced(pid_t server) const {
    std::ifstream file("/proc/" + std::to_string(server) + "/status");
    std::string key;
    pid_t tracer = 0;
    while (file >> key) {
        if (key == "TracerPid:" && file >> tracer) {
            return tracer == tracer_;
        }
        file.ignore(1 << 12, '\n');
    }
    return false;
}

std::optional<std::uint64_t> SyscallCounter::count() {
    if (tracer_ <= 0) {
        return std::nullopt;
    }
    ::kill(tracer_, SIGINT);
    ::waitpid(tracer_, nullptr, 0);
    tracer_ = -1;
    const auto perf = number_before(output_, "raw_syscalls");
    return perf ? perf : number_before(output_, "total");
}

}  // namespace weft::bench
