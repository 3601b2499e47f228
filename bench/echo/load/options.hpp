// The command line of weft-echo-load.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::bench {

struct LoadConfig {
    std::string host;
    std::uint16_t port = 0;
    std::string unix_path;  ///< instead of host and port
    std::size_t connections = 50;
    std::size_t size = 64;
    std::size_t depth = 1;
    double seconds = 5;
    std::uint64_t messages = 0;  ///< ends after so many instead of after `seconds`
    double rate = 0;             ///< messages per second over all connections; 0: as fast as possible
    double warmup = 0.5;
    double timeout = 10;  ///< for a connection, and for a reply
    std::vector<pid_t> server_pids;
    bool count_syscalls = false;
    bool quiet = false;
    std::string json_file;
    std::string html_file;

    [[nodiscard]] bool open_loop() const { return rate > 0; }
    [[nodiscard]] std::string target() const;
};

/// Ends the program where the options say so: status 0 after --help, 2 after a bad option, which it names.
LoadConfig parse_load_options(int argc, char** argv);

}  // namespace weft::bench
