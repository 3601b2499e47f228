// The report of fibers that are left when their hub ends.
#include "diag/leaks.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"
#include "diag/dump_text.hpp"

#include <weft/diag/leaks.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace weft::impl {

namespace {

std::atomic<bool> wanted{false};

/// No deadline, no descriptor, no job: only another fiber, or a thread, could end this wait.
bool waits_for_fibers_alone(const FiberSample& fiber) noexcept {
    return fiber.state == FiberState::waiting && fiber.due == INT64_MAX && fiber.fd < 0 &&
           fiber.reason != WaitReason::pool_job;
}

std::string describe(const HubSample& hub) {
    std::size_t stuck = 0;
    for (const FiberSample* fiber = hub.first(); fiber != hub.end(); fiber = fiber->next()) {
        stuck += waits_for_fibers_alone(*fiber) ? 1 : 0;
    }
    std::string text = "weft: " + counted(hub.count, "fiber") + " left at the end of the hub";
    if (stuck != 0) {
        text += stuck == hub.count ? "; all" : "; " + std::to_string(stuck);
        text += " of them wait, without a limit, for what only a fiber or another thread can do";
    }
    return text + '\n';
}

/// main() has returned, and the hub of its thread, which nobody has ended, ends with the process.
void report_at_exit() {
    if (Hub* hub = Hub::current()) {
        report_left_fibers(*hub);
    }
}

}  // namespace

void report_left_fibers(Hub& hub) noexcept {
    if (!wanted.load(std::memory_order_relaxed)) {
        return;
    }
    try {
        const auto sample = std::make_shared<HubSample>(size_for(hub, max_frames));
        take_sample(hub, *sample, max_frames, Whom::others);
        if (sample->count != 0) {
            const Samples samples{.hubs = {sample}};
            write_stderr(describe(*sample) + text_of(samples, {.spawn_sites = true}));
        }
    } catch (const std::exception& error) {
        warn("no report of the fibers that are left: %s", error.what());
    }
}

}  // namespace weft::impl

namespace weft::diag {

void report_leaks() {
    if (!impl::wanted.exchange(true)) {
        std::atexit(&impl::report_at_exit);
    }
}

}  // namespace weft::diag
