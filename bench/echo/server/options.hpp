// The command line of weft-echo-server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::bench {

struct ServerConfig {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string unix_path;  ///< instead of host and port
    std::size_t hubs = 1;
    std::size_t stack_size = 0;
    std::size_t buffer = 16 * 1024;
    std::size_t max_connections = 0;
};

/// Ends the program where the options say so: status 0 after --help, 2 after a bad option, which it names.
ServerConfig parse_server_options(int argc, char** argv);

}  // namespace weft::bench
