// weft-echo-raw: an echo client that costs as little as possible. No fibers and no library: one thread on epoll.
#include <cstdio>
#include <exception>
#include <numeric>
#include <string>

#include <sys/resource.h>

#include "generator.hpp"

namespace weft::bench {
namespace {

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

double micros(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

void print_latency(const Histogram& latency) {
    std::printf("  \"latency_us\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f},\n",
                micros(latency.quantile(0.5)), micros(latency.quantile(0.9)), micros(latency.quantile(0.99)),
                micros(latency.quantile(0.999)), micros(latency.max()));
}

void print_errors(const Errors& errors) {
    std::printf("  \"errors\": %llu,\n  \"errors_by_kind\": {",
                static_cast<unsigned long long>(std::accumulate(errors.begin(), errors.end(), std::uint64_t{0})));
    const char* separator = "";
    for (std::size_t kind = 0; kind < errors.size(); ++kind) {
        if (errors[kind] > 0) {
            std::printf("%s\"%s\": %llu", separator, error_names[kind], static_cast<unsigned long long>(errors[kind]));
            separator = ", ";
        }
    }
    std::printf("},\n");
}

void print_server(const Options& options, const Result& result) {
    if (options.server_pids.empty() || result.seconds == 0) {
        return;
    }
    const double cpu = static_cast<double>(result.server.cpu_ns) / 1e9;
    const auto ticks = static_cast<double>(result.server.user_ticks + result.server.system_ticks);
    const double user_share = ticks > 0 ? static_cast<double>(result.server.user_ticks) / ticks : 0;
    std::printf("  \"server_cpu_seconds\": %.9f,\n  \"server_user_share\": %.4f,\n  \"server_utilisation\": %.4f,\n", cpu,
                user_share, cpu / result.seconds);
}

void print(const Options& options, const Result& result) {
    const double seconds = result.seconds > 0 ? result.seconds : 1;
    std::printf("{\n  \"generator\": \"weft-echo-raw\",\n");
    std::printf("  \"connections\": %zu,\n  \"idle_connections\": %zu,\n  \"message_bytes\": %zu,\n  \"depth\": %zu,\n",
                options.connections, options.idle, options.message_bytes, options.depth);
    std::printf("  \"seconds\": %.6f,\n  \"requests\": %llu,\n  \"requests_per_second\": %.1f,\n", result.seconds,
                static_cast<unsigned long long>(result.requests), static_cast<double>(result.requests) / seconds);
    if (options.hog) {
        std::printf("  \"hog_messages_per_second\": %.1f,\n", static_cast<double>(result.hog_messages) / seconds);
    }
    print_latency(result.latency_ns);
    print_errors(result.errors);
    print_server(options, result);
    std::printf("  \"echoes_in_all\": %llu,\n", static_cast<unsigned long long>(result.echoes_in_all));
    std::printf("  \"generator_utilisation\": %.4f\n}\n", static_cast<double>(result.own_cpu_ns) / 1e9 / seconds);
}

int main(int argc, char** argv) {
    const Options options = parse_options(argc, argv);
    raise_descriptor_limit();
    Generator generator(options);
    if (generator.connect()) {
        generator.run();
    } else {
        std::fprintf(stderr, "weft-echo-raw: cannot open all connections to %s:%s\n", options.host.c_str(),
                     options.port.c_str());
    }
    const Result& result = generator.result();
    print(options, result);
    return std::accumulate(result.errors.begin(), result.errors.end(), std::uint64_t{0}) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft::bench

int main(int argc, char** argv) {
    try {
        return weft::bench::main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "weft-echo-raw: %s\n", error.what());
        return 1;
    }
}
