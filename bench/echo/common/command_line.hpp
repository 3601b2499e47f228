// What the command lines of the echo programs have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace weft::bench {

/// Reads the command line into what the options of `app` refer to. Ends the program after --help and --version with status 0,
/// and where the command line is wrong with status 2.
inline void parse_or_exit(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error) == 0 ? 0 : 2);
    }
}

}  // namespace weft::bench
