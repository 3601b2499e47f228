// Command line of weft-echo-raw.
#include "options.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace weft::bench {
namespace {

constexpr const char* usage = R"(usage: weft-echo-raw [OPTION...] HOST PORT

Loads an echo server from one thread, straight on epoll, and prints the result as JSON.

  --conns N          connections (default 50)
  --size BYTES       bytes of a message (default 64)
  --depth N          messages in flight on each connection (default 1)
  --seconds S        measured time (default 2)
  --warmup S         time before that (default 0.5)
  --idle N           further connections, which do one echo and then stay open (default 0)
  --hog              one further connection that pipelines messages without end; latencies are those of the others
  --hog-size BYTES   bytes of its messages (default 4096)
  --hog-depth N      how many of them are in flight (default 256)
  --server-pid PIDS  processes of the server, separated by commas: their CPU time is reported
)";

[[noreturn]] void refuse(std::string_view option, std::string_view form, std::string_view given) {
    std::fprintf(stderr, "weft-echo-raw: %.*s needs %.*s, not '%.*s'\n", static_cast<int>(option.size()), option.data(),
                 static_cast<int>(form.size()), form.data(), static_cast<int>(given.size()), given.data());
    std::exit(2);
}

template <typename Number>
Number number(std::string_view option, std::string_view text, Number least, Number most, std::string_view form) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= least && value <= most)) {
        refuse(option, form, text);
    }
    return value;
}

std::size_t count(std::string_view option, std::string_view text, std::size_t least) {
    constexpr std::size_t most = 1'000'000'000;
    return number<std::size_t>(option, text, least, most,
                               least == 0 ? "a whole number from 0 to 1000000000" : "a whole number from 1 to 1000000000");
}

double duration(std::string_view option, std::string_view text, double least) {
    return number<double>(option, text, least, 86400.0, "a number of seconds up to 86400");
}

std::vector<pid_t> pids(std::string_view option, std::string_view text) {
    std::vector<pid_t> result;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        result.push_back(number<pid_t>(option, text.substr(0, comma), 1, 1 << 22, "process ids separated by commas"));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return result;
}

// False when there is no such option.
bool set(Options& options, std::string_view name, std::string_view value) {
    if (name == "--conns") {
        options.connections = count(name, value, 1);
    } else if (name == "--size") {
        options.message_bytes = count(name, value, 1);
    } else if (name == "--depth") {
        options.depth = count(name, value, 1);
    } else if (name == "--seconds") {
        options.seconds = duration(name, value, 0.001);
    } else if (name == "--warmup") {
        options.warmup = duration(name, value, 0);
    } else if (name == "--idle") {
        options.idle = count(name, value, 0);
    } else if (name == "--hog-size") {
        options.hog_bytes = count(name, value, 1);
    } else if (name == "--hog-depth") {
        options.hog_depth = count(name, value, 1);
    } else if (name == "--server-pid") {
        options.server_pids = pids(name, value);
    } else {
        return false;
    }
    return true;
}

[[noreturn]] void help() {
    std::fputs(usage, stdout);
    std::exit(0);
}

}  // namespace

Options parse_options(int argc, char** argv) {
    Options options;
    std::vector<std::string> positional;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help") {
            help();
        } else if (argument == "--hog") {
            options.hog = true;
        } else if (argument.starts_with("--")) {
            const std::size_t equals = argument.find('=');
            const std::string_view name = argument.substr(0, equals);
            const bool attached = equals != std::string_view::npos;
            const char* next = i + 1 < argc ? argv[i + 1] : "";
            if (!set(options, name, attached ? argument.substr(equals + 1) : next)) {
                refuse("the command line", "options that --help lists", argument);
            }
            i += attached ? 0 : 1;
        } else {
            positional.emplace_back(argument);
        }
    }
    if (positional.size() != 2) {
        refuse("the command line", "HOST and PORT", positional.empty() ? "" : positional.back());
    }
    options.host = positional[0];
    options.port = positional[1];
    number<unsigned>("PORT", options.port, 1, 65535, "a whole number from 1 to 65535");
    return options;
}

}  // namespace weft::bench
