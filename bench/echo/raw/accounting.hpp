// CPU time of this process and of others, in nanoseconds from the scheduler's accounting and not from ticks.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace weft::bench {

std::uint64_t monotonic_ns();
std::uint64_t own_cpu_ns();

struct ServerTime {
    std::uint64_t cpu_ns = 0;
    // The kernel divides the sum by sampling: good for the proportion of user to system time, too coarse for more.
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
};

/// Sums over all threads of these processes; one that has gone adds nothing.
ServerTime server_time(const std::vector<pid_t>& pids);

/// How long a process, runnable, has waited for a processor: where each side has a core to itself this is time that something
/// else took from it. 0 where the kernel does not say, and for a process of several threads, which wait for each other.
std::uint64_t waited_for_processor_ns(pid_t pid);

}  // namespace weft::bench
