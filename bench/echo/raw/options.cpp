// Command line of weft-echo-raw.
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace weft::bench {
namespace {

constexpr const char* usage = R"(usage: weft-echo-raw [OPTION...] HOST:PORT[,pid=N]...[,idle=N]...

Loads echo servers from one thread, straight on epoll, and prints the results as JSON. Several servers are loaded in turns,
a short slice each, in an order that changes from turn to turn: what disturbs the machine then disturbs all of them.

  pid=N              a process of the server: its CPU time is reported
  idle=N             further connections to that server, which do one echo and then stay open

  --conns N          connections (default 50)
  --size BYTES       bytes of a message (default 64)
  --depth N          messages in flight on each connection (default 1)
  --seconds S        measured time of each server (default 2)
  --warmup S         time before that (default 0.2)
  --slice S          measured time of a turn (default 0.1)
  --lead S           time of a turn before that (default 0.025)
  --repeat-disturbed turns in which a server or this program, runnable, waited for a processor for more than 2 % of the time
                     do not count and are repeated, up to as many again
  --hog              one further connection that pipelines messages without end; latencies are those of the others
  --hog-size BYTES   bytes of its messages (default 4096)
  --hog-depth N      how many of them are in flight (default 256)
)";

[[noreturn]] void refuse(std::string_view option, std::string_view form, std::string_view given) {
    std::fprintf(stderr, "weft-echo-raw: %.*s needs %.*s, not '%.*s'\n", static_cast<int>(option.size()),
                 option.data(), static_cast<int>(form.size()), form.data(), static_cast<int>(given.size()),
                 given.data());
    std::exit(2);
}

template <typename Number>
Number number(std::string_view option, std::string_view text, Number least, Number most,
              std::string_view form) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= least && value <= most)) {
        refuse(option, form, text);
    }
    return value;
}

std::size_t count(std::string_view option, std::string_view text, std::size_t least) {
    constexpr std::size_t most = 1'000'000'000;
    return number<std::size_t>(
        option, text, least, most,
        least == 0 ? "a whole number from 0 to 1000000000" : "a whole number from 1 to 1000000000");
}

double duration(std::string_view option, std::string_view text, double least) {
    return number<double>(option, text, least, 86400.0, "a number of seconds up to 86400");
}

Target target(std::string_view text) {
    constexpr std::string_view form = "the form HOST:PORT[,pid=N]...[,idle=N]";
    Target result;
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view address = text.substr(0, comma);
    const std::size_t colon = address.rfind(':');
    if (colon == 0 || colon == std::string_view::npos) {
        refuse("a server", form, text);
    }
    result.host = address.substr(0, colon);
    result.port = address.substr(colon + 1);
    number<unsigned>("the port of a server", result.port, 1, 65535, "a whole number from 1 to 65535");
    for (std::string_view rest = text.substr(comma); !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view part = rest.substr(0, rest.find(','));
        if (part.starts_with("pid=")) {
            result.pids.push_back(number<pid_t>("pid=", part.substr(4), 1, 1 << 22, "a process id"));
        } else if (part.starts_with("idle=")) {
            result.idle = count("idle=", part.substr(5), 0);
        } else {
            refuse("a server", form, text);
        }
        rest.remove_prefix(part.size());
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
    } else if (name == "--slice") {
        options.slice = duration(name, value, 0.001);
    } else if (name == "--lead") {
        options.lead = duration(name, value, 0);
    } else if (name == "--hog-size") {
        options.hog_bytes = count(name, value, 1);
    } else if (name == "--hog-depth") {
        options.hog_depth = count(name, value, 1);
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
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help") {
            help();
        } else if (argument == "--repeat-disturbed") {
            options.repeat_disturbed = true;
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
            options.targets.push_back(target(argument));
        }
    }
    if (options.targets.empty()) {
        refuse("the command line", "a server, HOST:PORT", "");
    }
    return options;
}

}  // namespace weft::bench
