// weft-echo-raw: an echo client that costs as little as possible. No fibers and no library: one thread on epoll.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <vector>

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
    std::printf(
        "  \"latency_us\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f},\n",
        micros(latency.quantile(0.5)), micros(latency.quantile(0.9)), micros(latency.quantile(0.99)),
        micros(latency.quantile(0.999)), micros(latency.max()));
}

void print_errors(const Result& result) {
    std::printf("  \"errors\": %llu,\n  \"errors_by_kind\": {",
                static_cast<unsigned long long>(result.error_count()));
    const char* separator = "";
    for (std::size_t kind = 0; kind < result.errors.size(); ++kind) {
        if (result.errors[kind] > 0) {
            std::printf("%s\"%s\": %llu", separator, error_names[kind],
                        static_cast<unsigned long long>(result.errors[kind]));
            separator = ", ";
        }
    }
    std::printf("},\n");
}

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print_server(const Tally& sum) {
    std::printf("  \"server_cpu_seconds\": %.9f,\n  \"server_user_share\": %.4f,\n",
                share(sum.server.cpu_ns, 1'000'000'000),
                share(sum.server.user_ticks, sum.server.user_ticks + sum.server.system_ticks));
    std::printf("  \"server_utilisation\": %.4f,\n  \"server_waited\": %.4f,\n",
                share(sum.server.cpu_ns, sum.elapsed_ns), share(sum.server_wait_ns, sum.elapsed_ns));
}

void print(const Options& options, const Generator& generator) {
    const Result& result = generator.result();
    const Measured& measured = generator.measured();
    const Tally& sum = measured.sum;
    const double seconds = sum.elapsed_ns > 0 ? static_cast<double>(sum.elapsed_ns) / 1e9 : 1;
    const Target& target = generator.target();
    std::printf("{\n  \"server\": \"%s:%s\",\n", target.host.c_str(), target.port.c_str());
    std::printf(
        "  \"connections\": %zu,\n  \"idle_connections\": %zu,\n  \"message_bytes\": %zu,\n  \"depth\": "
        "%zu,\n",
        options.connections, target.idle, options.message_bytes, options.depth);
    std::printf("  \"seconds\": %.6f,\n  \"requests\": %llu,\n  \"requests_per_second\": %.1f,\n", seconds,
                static_cast<unsigned long long>(sum.requests), static_cast<double>(sum.requests) / seconds);
    if (options.hog) {
        std::printf("  \"hog_messages_per_second\": %.1f,\n",
                    static_cast<double>(sum.hog_messages) / seconds);
    }
    print_latency(measured.latency_ns);
    print_errors(result);
    std::printf("  \"slices\": %zu,\n  \"disturbed_slices\": %zu,\n", measured.slices,
                result.all.slices - result.clean.slices);
    if (!target.pids.empty()) {
        print_server(sum);
    }
    std::printf("  \"echoes_in_all\": %llu,\n", static_cast<unsigned long long>(result.echoes_in_all));
    std::printf("  \"generator_waited\": %.4f,\n  \"generator_utilisation\": %.4f\n}",
                share(sum.own_wait_ns, sum.elapsed_ns), share(sum.own_cpu_ns, sum.elapsed_ns));
}

// All in turns, each turn in another order.
void run_in_slices(const Options& options, std::vector<Generator*> order) {
    for (Generator* generator : order) {
        generator->run_slice(options.warmup, 0);
    }
    std::mt19937 random(static_cast<unsigned>(monotonic_ns()));
    const auto turns = static_cast<std::size_t>(std::ceil(options.seconds / options.slice - 1e-6));
    const double slice = options.seconds / static_cast<double>(turns);
    const auto has_enough = [](const Generator* generator) { return generator->has_enough(); };
    for (std::size_t turn = 0; turn < 2 * turns; ++turn) {
        if (turn >= turns && std::all_of(order.begin(), order.end(), has_enough)) {
            return;
        }
        std::shuffle(order.begin(), order.end(), random);
        for (Generator* generator : order) {
            generator->run_slice(options.lead, slice);
        }
        if (!options.repeat_disturbed && turn + 1 == turns) {
            return;
        }
    }
}

int main(int argc, char** argv) {
    const Options options = parse_options(argc, argv);
    raise_descriptor_limit();
    const Pattern pattern;
    std::vector<std::unique_ptr<Generator>> generators;
    std::vector<Generator*> connected;
    for (const Target& target : options.targets) {
        Generator& generator =
            *generators.emplace_back(std::make_unique<Generator>(options, target, pattern));
        if (generator.connect()) {
            connected.push_back(&generator);
        } else {
            std::fprintf(stderr, "weft-echo-raw: cannot open all connections to %s:%s\n", target.host.c_str(),
                         target.port.c_str());
        }
    }
    run_in_slices(options, connected);
    std::uint64_t errors = 0;
    const char* separator = "[";
    for (const auto& generator : generators) {
        generator->finish();
        std::fputs(separator, stdout);
        print(options, *generator);
        separator = ",\n";
        errors += generator->result().error_count();
    }
    std::puts("]");
    return errors == 0 ? 0 : 1;
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
