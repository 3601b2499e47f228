// Who is there and waits for what, as text.
#include "core/dump.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"

#include <weft/core/dump.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <vector>

namespace weft::impl {

namespace {

void append_wait(std::string& text, const WaitRecord& wait, std::int64_t now) {
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
    if (wait.timer.armed()) {
        std::snprintf(part, sizeof part, ", deadline in %.3f s",
                      static_cast<double>(wait.timer.when - now) / 1e9);
        text += part;
    }
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

void print_dump() noexcept {
    try {
        write_stderr("weft: the fibers of this thread:\n" + dump_fibers());
    } catch (...) {
        // What is fatal has been printed already; there is no memory for more.
    }
}

}  // namespace

std::string title_of(const FiberBlock& fiber) {
    std::string title = "fiber " + std::to_string(fiber.id);
    if (!fiber.name.empty()) {
        title += " \"" + fiber.name + "\"";
    }
    return title;
}

void append_dump(std::string& text, const Hub& hub) {
    const std::int64_t now = const_cast<Hub&>(hub).now();
    const std::vector<const FiberBlock*> ready = sorted_ready_fibers(hub);
    for (const FiberBlock* fiber = hub.fibers(); fiber != nullptr; fiber = fiber->all_next) {
        if (fiber->finished()) {
            continue;
        }
        text += "  " + title_of(*fiber) + ": ";
        if (fiber->wait != nullptr && !std::binary_search(ready.begin(), ready.end(), fiber, std::less<>{})) {
            append_wait(text, *fiber->wait, now);
        } else {
            text += fiber->started ? "ready or running" : "not started";
        }
        text += '\n';
    }
}

void install_fatal_dump() noexcept { fatal_dump_hook.store(&print_dump, std::memory_order_relaxed); }

}  // namespace weft::impl

namespace weft {

std::string dump_fibers() {
    std::string text;
    if (impl::Hub* hub = impl::Hub::current()) {
        impl::append_dump(text, *hub);
    }
    return text;
}

}  // namespace weft
