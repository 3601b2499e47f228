// Who is there and waits for what, as text.
#include "core/dump.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"
#include "core/wait_circle.hpp"

#include <weft/core/dump.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <vector>

namespace weft::impl {

namespace {

void append_wait(std::string& text, const WaitRecord& wait, const FiberBlock* holder, std::int64_t now) {
    char part[96];
    text += "waits: ";
    text += to_string(wait.reason);
    if (wait.reason == WaitReason::join) {
        text += " " + title_of(*static_cast<const FiberBlock*>(wait.object));
    } else if (wait.fd >= 0) {
        std::snprintf(part, sizeof part, " fd %d", wait.fd);
        text += part;
    } else if (wait.object != nullptr) {
        std::snprintf(part, sizeof part, " %p", wait.object);
        text += part;
    }
    if (holder != nullptr && wait.holder != nullptr) {
        text += ", held by " + title_of(*holder);
    }
    if (wait.timer.armed()) {
        std::snprintf(part, sizeof part, ", deadline in %.3f s",
                      static_cast<double>(wait.timer.when - now) / 1e9);
        text += part;
    }
}

bool lives_on(const FiberBlock& fiber, std::span<Hub* const> hubs) {
    const Hub* home = fiber.hub.load(std::memory_order_relaxed);
    return std::find(hubs.begin(), hubs.end(), home) != hubs.end();
}

/// Those that have been woken and still have their record of the wait.
std::vector<const FiberBlock*> sorted_ready_fibers(const Hub& hub) {
    std::vector<const FiberBlock*> ready;
    for (const FiberBlock* fiber = hub.ready_fibers(); fiber != nullptr; fiber = fiber->next) {
        ready.push_back(fiber);
    }
    std::sort(ready.begin(), ready.end(), std::less<>{});
    return ready;
}

void append_hub(std::string& text, Hub& hub, std::span<Hub* const> hubs,
                std::vector<Dependence>& dependences) {
    const std::int64_t now = hub.now();
    const std::vector<const FiberBlock*> ready = sorted_ready_fibers(hub);
    for (const FiberBlock* fiber = hub.fibers(); fiber != nullptr; fiber = fiber->all_next) {
        if (fiber->finished()) {
            continue;
        }
        std::string line = title_of(*fiber) + ": ";
        if (fiber->wait != nullptr && !std::binary_search(ready.begin(), ready.end(), fiber, std::less<>{})) {
            const FiberBlock* holder = holder_of(*fiber->wait, hubs);
            if (holder != nullptr && !lives_on(*holder, hubs)) {
                holder = nullptr;  // it may end while it is looked at
            }
            append_wait(line, *fiber->wait, holder, now);
            // At its end run() waits for all others, in the main fiber's name.
            if (holder != nullptr && holder != fiber) {
                dependences.push_back({.waiter = fiber, .holder = holder, .text = line});
            }
        } else {
            line += fiber->started ? "ready or running" : "not started";
        }
        text += "  " + line + '\n';
    }
}

void print_dump() noexcept {
    try {
        write_stderr("weft: the fibers of this thread:\n" + dump_fibers());
    } catch (...) {
        // What is fatal has been printed already; there is no memory for more.
    }
}

}  // namespace

std::string title_of(std::uint64_t id, std::string_view name) {
    std::string title = "fiber " + std::to_string(id);
    if (!name.empty()) {
        title.append(" \"").append(name).append("\"");
    }
    return title;
}

std::string title_of(const FiberBlock& fiber) { return title_of(fiber.id, fiber.name); }

void append_dump(std::string& text, std::span<Hub* const> hubs) {
    std::vector<Dependence> dependences;
    for (Hub* hub : hubs) {
        append_hub(text, *hub, hubs, dependences);
    }
    append_circles(text, dependences);
}

void install_fatal_dump() noexcept { fatal_dump_hook.store(&print_dump, std::memory_order_relaxed); }

}  // namespace weft::impl

namespace weft {

std::string dump_fibers() {
    std::string text;
    if (impl::Hub* hub = impl::Hub::current()) {
        impl::append_dump(text, {&hub, 1});
    }
    return text;
}

}  // namespace weft
