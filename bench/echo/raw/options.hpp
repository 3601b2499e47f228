// Command line of weft-echo-raw.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weft::bench {

/// A server to load: HOST:PORT[,pid=N]...[,idle=N]
struct Target {
    std::string host;
    std::string port;
    std::vector<pid_t> pids;  // whose CPU time is taken over the measured time
    std::size_t idle = 0;     // connections that do one echo and then stay open
};

struct Options {
    std::vector<Target> targets;
    std::size_t connections = 50;
    std::size_t message_bytes = 64;
    std::size_t depth = 1;
    double seconds = 2;   // measured, for each target
    double warmup = 0.2;  // before the first slice of each target
    double slice = 0.1;   // targets take turns of this length
    double lead =
        0.025;  // of load before each of them; as long as the slowest reply, or the sample favours fast ones
    bool repeat_disturbed = false;  // slices during which other programs took one of the two processors
    bool hog = false;               // one more connection, which pipelines without end
    std::size_t hog_bytes = 4096;
    std::size_t hog_depth = 256;
};

/// Ends the program for --help (status 0) and for a bad option (status 2, naming the option and its valid form).
Options parse_options(int argc, char** argv);

}  // namespace weft::bench
