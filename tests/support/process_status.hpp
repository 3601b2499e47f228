// What the kernel says of this process.
#pragma once

#include <fstream>
#include <string>

namespace weft::test {

/// A value in KiB of /proc/self/status.
inline long status_kib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) {
            return std::stol(line.substr(name.size() + 1));
        }
    }
    return 0;
}

}  // namespace weft::test
