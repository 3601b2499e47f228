// weft-echo-load: loads an echo server from one fiber per connection, and tells what it found.
#include <fmt/core.h>
#include <weft/core/run.hpp>
#include <weft/os/limits.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "load_test.hpp"
#include "options.hpp"
#include "page.hpp"
#include "report.hpp"
#include "server_process.hpp"

namespace weft::bench {
namespace {

/// An extra second of the same load: what counts the calls slows the server down.
std::optional<double> count_syscalls(LoadConfig config, const std::vector<pid_t>& server) {
    if (!config.count_syscalls || server.empty()) {
        return std::nullopt;
    }
    config.seconds = 1;
    config.messages = 0;
    config.warmup = 0;
    config.quiet = true;
    SyscallCounter counter(server.front());
    LoadTest test(config);
    test.run();
    const auto calls = counter.count();
    if (!calls || test.meter().requests() == 0) {
        fmt::print(stderr, "weft-echo-load: neither perf nor strace may count the system calls here\n");
        return std::nullopt;
    }
    return static_cast<double>(*calls) / static_cast<double>(test.meter().requests());
}

void write_file(const std::string& name, const std::string& text) {
    if (name.empty()) {
        return;
    }
    std::ofstream file(name);
    file << text;
    file.close();
    if (!file) {
        throw std::runtime_error(fmt::format("cannot write {}: {}", name, std::strerror(errno)));
    }
}

int load(const LoadConfig& config) {
    LoadTest test(config);
    test.run();
    const auto found = results(config, test, count_syscalls(config, test.server_pids()));
    fmt::print("{}", as_table(found));
    write_file(config.json_file, found.dump(2) + "\n");
    write_file(config.html_file, as_page(found));
    return test.meter().error_count() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft::bench

int main(int argc, char** argv) {
    const auto config = weft::bench::parse_load_options(argc, argv);
    weft::os::raise_descriptor_limit();
    try {
        return weft::run([&] { return weft::bench::load(config); });
    } catch (const std::exception& error) {
        fmt::print(stderr, "weft-echo-load: {}\n", error.what());
        return 1;
    }
}
