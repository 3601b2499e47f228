// How dumps name fibers and what they wait for.
#include "diag/fiber_text.hpp"

#include "core/dump.hpp"

#include <cstdio>

namespace weft::impl {

std::string title_of(const FiberSample& fiber) { return title_of(fiber.id, fiber.name); }

std::string duration_text(std::int64_t ns) {
    char text[32];
    const auto value = static_cast<double>(ns);
    if (value >= 1e9) {
        std::snprintf(text, sizeof text, "%.2f s", value / 1e9);
    } else if (value >= 1e6) {
        std::snprintf(text, sizeof text, "%.0f ms", value / 1e6);
    } else {
        std::snprintf(text, sizeof text, "%.0f us", value / 1e3);
    }
    return text;
}

std::string kind_text(const FiberSample& fiber) {
    switch (fiber.state) {
        case FiberState::running:
            return "running";
        case FiberState::ready:
            return "ready";
        case FiberState::unstarted:
            return "not started";
        case FiberState::waiting:
            return to_string(fiber.reason);
    }
    return {};
}

namespace {

std::string holder_text(const FiberSample& fiber) {
    return fiber.holder_id != 0 ? "fiber " + std::to_string(fiber.holder_id) : "a fiber of another hub";
}

}  // namespace

std::string state_text(const FiberSample& fiber, std::int64_t now) {
    std::string text = kind_text(fiber);
    if (fiber.state != FiberState::waiting) {
        return text;
    }
    char part[64] = "";
    if (fiber.joins) {
        text += " of " + holder_text(fiber);
    } else if (fiber.fd >= 0) {
        std::snprintf(part, sizeof part, " fd %d", fiber.fd);
    } else if (fiber.object != nullptr) {
        std::snprintf(part, sizeof part, " %p", fiber.object);
    }
    text += part;
    if (fiber.holder != nullptr && !fiber.joins) {
        text += ", held by " + holder_text(fiber);
    }
    if (fiber.due != INT64_MAX) {
        text += ", deadline in " + duration_text(fiber.due - now);
    }
    return text;
}

std::string stack_text(const FiberSample& fiber) {
    if (fiber.stack_limit == nullptr) {
        return "the thread's stack";
    }
    return std::to_string((fiber.stack_used + 1023) / 1024) + "K of " +
           std::to_string(fiber.stack_size / 1024) + "K of stack";
}

}  // namespace weft::impl
