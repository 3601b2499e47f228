// The server as a process of this machine: which it is, and what it has used.
#pragma once

#include <weft/net/address.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::bench {

/// The processes that listen at `endpoint`, if it is of this machine and the system lets us see them.
std::vector<pid_t> listeners_at(const net::Endpoint& endpoint);

/// Peak resident memory of all of them, in bytes; 0 where the system does not say.
std::uint64_t peak_memory(const std::vector<pid_t>& pids);

/// Counts the system calls of a process and its threads while it lives, with perf or else strace.
class SyscallCounter {
public:
    /// Waits until counting has begun. Where neither program can, count() is empty.
    explicit SyscallCounter(pid_t server);
    SyscallCounter(const SyscallCounter&) = delete;
    SyscallCounter& operator=(const SyscallCounter&) = delete;
    ~SyscallCounter();

    /// Ends the counting.
    std::optional<std::uint64_t> count();

private:
    void start(const std::vector<std::string>& command);
    bool traced(pid_t server) const;

    pid_t tracer_ = -1;
    std::string output_;
};

}  // namespace weft::bench
