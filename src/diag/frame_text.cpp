// Backtraces as text.
#include "diag/frame_text.hpp"

#include <algorithm>

namespace weft::impl {

namespace {

bool is_internal(const std::string& function) {
    return function.starts_with("weft::impl::") || function.starts_with("jump_fcontext") ||
           function.starts_with("void weft::impl::") || function.starts_with("start_context");
}

/// What a fiber's function is wrapped in may have the function itself inside, inlined.
bool is_wrapper(const std::string& function) { return function.find("Closure<") != std::string::npos; }

bool is_inside(const std::string& function) { return is_internal(function) && !is_wrapper(function); }

bool is_library(const std::string& function) {
    const bool of_test = function.starts_with("weft::(anonymous namespace)");
    return (function.starts_with("weft::") && !of_test && !is_wrapper(function)) || is_inside(function);
}

}  // namespace

void append_frames(std::string& text, Symbols& symbols, std::span<const void* const> frames,
                   const char* indent) {
    // The innermost frames that are weft's own, up to the last one of them that users know by name, or else the last one.
    std::size_t first = 0;
    bool named = false;
    for (std::size_t i = 0; i < frames.size() && is_library(symbols.at(frames[i]).function); ++i) {
        const std::string& function = symbols.at(frames[i]).function;
        const bool known = !is_internal(function);
        if (known || (!named && is_inside(function))) {
            first = i;
        }
        named = named || known;
    }
    // Outermost: what starts a fiber.
    std::size_t end = frames.size();
    while (end > first + 1 && is_inside(symbols.at(frames[end - 1]).function)) {
        --end;
    }
    for (std::size_t i = first; i < end; ++i) {
        text += indent + symbols.at(frames[i]).text + '\n';
    }
}

}  // namespace weft::impl
