// Command line of weft-echo-raw.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weft::bench {

struct Options {
    std::string host;
    std::string port;
    std::size_t connections = 50;
    std::size_t message_bytes = 64;
    std::size_t depth = 1;
    double seconds = 2;
    double warmup = 0.5;
    std::size_t idle = 0;         // connections that do one echo and then stay open
    bool hog = false;             // one more connection, which pipelines without end
    std::size_t hog_bytes = 4096;
    std::size_t hog_depth = 256;
    std::vector<pid_t> server_pids;  // whose CPU time is taken over the measured time
};

/// Ends the program for --help (status 0) and for a bad option (status 2, naming the option and its valid form).
Options parse_options(int argc, char** argv);

}  // namespace weft::bench
